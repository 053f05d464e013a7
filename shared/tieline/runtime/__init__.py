"""The shell around the domain: what Lambda calls."""
