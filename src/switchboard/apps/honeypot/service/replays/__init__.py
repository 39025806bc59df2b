"""Files of messages that people already have, played through the honeypot: what it would have found."""
