"""Where people write from: one port, `channel`, and each channel in a folder of its own."""
