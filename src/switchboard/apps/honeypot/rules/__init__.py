"""What the honeypot decides, without touching anything: standard library and packaged data only."""
