"""The whole of Tieline on one machine."""
