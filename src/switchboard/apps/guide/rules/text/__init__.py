"""A message made readable: signs folded, disguises undone, words in one spelling that know where they stood."""
