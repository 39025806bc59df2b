"""What a message is for: rules first, a trained model after them, each said by name."""
