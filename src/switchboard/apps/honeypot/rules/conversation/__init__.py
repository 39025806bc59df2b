"""What the persona says: who they are, what the other does with a message, the answer, and what no answer may hold."""
