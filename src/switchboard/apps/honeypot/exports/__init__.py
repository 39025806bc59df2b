"""Sessions as files for others: `evidence` is what every format is made of, each format is one module.

Nothing here reads a database; each format yields text piece by piece, so that no export has to fit in memory.
"""
