"""A real tracker, Roundup, for the connector that a description makes."""
