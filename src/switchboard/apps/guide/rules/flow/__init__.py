"""Guided sessions as data: what a flow is, whether it holds together, and what a turn in it does."""
