"""Markdown in the middle, each vendor's dialect on the outside."""
