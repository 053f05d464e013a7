"""`make security`: run every test that proves a check, and write the table of docs/security.md."""

import sys

import pytest
from security.page import ROOT, Page, marked

files = sorted({test.partition("::")[0] for tests in marked().values() for test in tests})
sys.exit(pytest.main(["--rootdir", str(ROOT), "-q", *sys.argv[1:], *files], plugins=[Page()]))
