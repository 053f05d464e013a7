"""A system that is described in YAML: any tracker with a REST API of its own."""
