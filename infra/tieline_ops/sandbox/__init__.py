"""Simulated systems that behave as the vendors' APIs do."""
