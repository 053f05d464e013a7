"""link.yaml: read as text, checked whole, compiled to the Link that a function loads as JSON.

This stands on the operator's side, so that neither YAML nor the checks are in the Lambda layer.
"""
