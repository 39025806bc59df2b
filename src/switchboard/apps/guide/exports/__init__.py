"""A person's summary as a file that they can keep."""
