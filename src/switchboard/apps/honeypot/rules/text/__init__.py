"""A message made readable: folded, romanised, its language told, phrases looked for. Nothing is judged here."""
