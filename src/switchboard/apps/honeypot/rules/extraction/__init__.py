"""What a message gives away: `extract` finds identifiers as `Finding`s, whatever spelling hides them."""

from switchboard.apps.honeypot.rules.extraction.extractor import Finding, extract, normalise_for_search

__all__ = ["Finding", "extract", "normalise_for_search"]
