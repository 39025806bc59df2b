"""What leaves this house for addresses that people typed in: the guard, the client, the signatures."""
