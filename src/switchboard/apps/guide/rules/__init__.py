"""What the guide decides: flows, risk language, intents, wording. Pure: the standard library and the data files."""
