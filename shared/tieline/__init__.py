"""Tieline: keeps the tickets of two systems the same."""
