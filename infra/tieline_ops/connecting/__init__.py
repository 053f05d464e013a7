"""`make connect`: thousands of tickets of both systems paired by a key, killed and resumed."""
