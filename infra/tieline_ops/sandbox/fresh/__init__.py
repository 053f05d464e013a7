"""What the simulated Freshdesk and Freshservice have in common."""
