"""The web chat: a page and a widget through which the public talks to an app."""
