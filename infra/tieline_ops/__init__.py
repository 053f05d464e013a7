"""The operator's side: the `tieline` command, the local stack and the sandbox."""
