"""The `tieline` command's verbs, one file each."""
