"""`make backlog`: thousands of tickets changed at once, through the local stack."""
