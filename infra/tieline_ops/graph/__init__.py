"""The mesh of places and links as a picture."""
