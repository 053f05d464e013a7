"""Freshservice."""
