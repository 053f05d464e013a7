"""`python -m tieline_ops` is the `tieline` command."""

from tieline_ops.cli import main

main()
