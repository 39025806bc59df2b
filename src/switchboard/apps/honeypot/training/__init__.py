"""How the detector's weights are learned: examples, regression, evaluation, and the command that joins them."""
