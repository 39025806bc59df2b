"""Switchboard: a self-hosted platform for conversational systems."""

__version__ = "0.1.0"
