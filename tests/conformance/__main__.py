"""`make systems`: run the conformance suite and every pair, and write docs/systems.md's table."""

import os
import sys

import pytest
from conformance.table import ROOT, Table

os.environ["TIELINE_EVERY_SWITCH"] = "yes"
table = Table()
folder = str(ROOT / "tests/conformance")
status = pytest.main(["--rootdir", str(ROOT), "-q", *sys.argv[1:], folder], plugins=[table])
table.write()
sys.exit(status)
