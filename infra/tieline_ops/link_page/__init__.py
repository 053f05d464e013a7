"""Pages that say in words what links do, for those who do not read YAML."""
