"""What a link remembers between two calls."""
