"""Measured claims: each is a ratio against a named alternative in the same run. See README.md."""
