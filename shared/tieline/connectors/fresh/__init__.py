"""What the connectors to Freshdesk and Freshservice have in common: called, never inherited."""
