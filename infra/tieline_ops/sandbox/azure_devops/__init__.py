"""A simulated Azure DevOps organisation: Boards alone."""
