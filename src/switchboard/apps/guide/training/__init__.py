"""How the risk model's weights are learned from our own examples, in plain Python and the same every time."""
