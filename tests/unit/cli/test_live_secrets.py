"""Where `tieline check --live` has credentials from, and what becomes of a token that it renews."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tieline.domain.errors import Configuration
from tieline_ops.link_folder import load
from tieline_ops.live_checks import _connector, secret_of
from tieline_ops.trouble import Trouble

LINK = load(Path(__file__).parents[3] / "functions/jira-servicenow").link
OAUTH = {
    "kind": "oauth",
    "client_id": "c",
    "client_secret": "s",
    "refresh_token": "old",
    "cloud_id": "1",
    "webhook_secret": "w",
}


@pytest.mark.parametrize("named", [True, False])
def test_a_token_that_is_renewed_is_kept_where_the_old_one_was(tmp_path: Path, named: bool) -> None:
    file = tmp_path / "secrets.json"
    parts = {"eng": OAUTH, "it": {"kind": "basic"}}
    file.write_text(json.dumps({LINK.name: parts} if named else parts))
    connector = _connector(LINK, "eng", secret_of(LINK, file), {})
    connector.renewed({"refresh_token": "new"}, {"refresh_token": "old"})
    held = json.loads(file.read_text())
    now = held[LINK.name] if named else held
    assert now == {"eng": {**OAUTH, "refresh_token": "new"}, "it": {"kind": "basic"}}


def test_a_file_that_has_no_such_part_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text('{"it": {}}')
    with pytest.raises(Configuration, match="no part 'eng'"):
        secret_of(LINK, file).side("eng")
    file.write_text("{")
    with pytest.raises(Trouble, match="is not JSON"):
        secret_of(LINK, file)
