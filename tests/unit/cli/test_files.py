"""A file that cannot be read or written is told of in a sentence, and no traceback is shown."""

from __future__ import annotations

import io
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tieline_ops.cli import cli
from tieline_ops.commands.secrets import _read
from tieline_ops.pairing import read_csv
from tieline_ops.project import Project
from tieline_ops.trouble import Wrong

LINK = "jira-servicenow"
ROOT = Path(__file__).parents[3]


@contextmanager
def input_of(held: bytes) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(held), "ascii"))
        yield


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_credentials_are_read_as_any_shell_writes_them(encoding: str, tmp_path: Path) -> None:
    part = {"kind": "api_token", "token": "pässwort"}
    held = json.dumps(part, ensure_ascii=False).encode(encoding)
    (tmp_path / "part.json").write_bytes(held)
    assert _read(tmp_path / "part.json") == part
    with input_of(held):
        assert _read(Path("-")) == part


@pytest.mark.parametrize(
    "held", [b"\xff\xfe{", b'{"token": "\xe4"}', b"[1]", b"", b"[" * 100_000, b"\x00"]
)
def test_credentials_that_are_no_json_object_are_a_wrong_call(held: bytes, tmp_path: Path) -> None:
    (tmp_path / "part.json").write_bytes(held)
    with pytest.raises(Wrong, match="not a JSON object"):
        _read(tmp_path / "part.json")


def test_questions_that_nobody_answers_name_the_option_that_does(checkout: Path, tieline) -> None:
    from tieline_ops.secret_store import SecretStore  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SecretStore, "parts", lambda _: {})
        given: dict[str, Any] = {"obj": Project(checkout), "standalone_mode": False}
        words = ["secrets", "set", LINK, "eng"]
        ended = CliRunner().invoke(cli, words, input="", **given)
    assert isinstance(ended.exception, click.ClickException)
    assert "nothing is stored" in ended.exception.message
    assert "--from-file" in ended.exception.hint  # type: ignore[attr-defined]


def test_a_rotation_that_began_while_people_typed_is_not_undone(checkout: Path) -> None:
    from tieline_ops.secret_store import SecretStore  # noqa: PLC0415

    two = {"webhook_secret": "new", "webhook_secret_before": "old"}
    read = [{"eng": {"webhook_secret": "old"}}, {"eng": two}]
    stored: list[Any] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SecretStore, "parts", lambda _: read.pop(0))
        patch.setattr(SecretStore, "set", lambda _, side, part: stored.append((side, part)))
        patch.setattr("tieline_ops.commands.secrets._tried", lambda *_: {"untried": "", "hint": ""})
        typed = "api_token\njo@acme.example\nt0ken\n\n\n\n"
        words = ["secrets", "set", LINK, "eng", "--json"]
        CliRunner().invoke(cli, words, input=typed, obj=Project(checkout))
    ((side, part),) = stored
    assert (side, {name: part[name] for name in two}) == ("eng", two)


def test_a_list_of_pairs_that_cannot_be_read_names_its_line(checkout: Path) -> None:
    link: Any = type("TwoSides", (), {"order": ("eng", "it")})
    with pytest.raises(Wrong, match="line 2 cannot be read: field larger"):
        read_csv(["OPS-1,INC1", f"OPS-2,{'x' * 140_000}"], link)


@pytest.mark.parametrize(
    "words",
    [
        ("graph", "--out", "/proc/none/x.svg"),
        ("docs", "--out", "/proc/none"),
        ("docs", "--out", "taken/pages"),
        ("graph", "--out", "taken/x.svg"),
    ],
)
def test_what_cannot_be_written_is_told_of(words: tuple[str, ...], checkout: Path, tieline) -> None:
    (checkout / "taken").write_text("a file")
    said = tieline(*words)
    assert said.status == 1
    assert f"Error: {words[2].split('/x.')[0]}" in said.err
    assert "Hint: " in said.err


def test_a_picture_is_written_in_the_form_that_its_name_says(checkout: Path, tieline) -> None:
    for name in ("x.png", "x.PDF", "x.svgz"):
        said = tieline("graph", "--out", name)
        assert (said.status, ".svg or .mmd" in said.err) == (2, True)
        assert not (checkout / name).exists()
    assert tieline("graph", "--out", "x.SVG").status == 0
    assert (checkout / "x.SVG").read_text().startswith("<svg")
    assert tieline("graph", "--out", "x.mmd").status == 0
    assert not (checkout / "x.mmd").read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("cases.yaml", ("check", LINK)),
        ("app.py", ("check", LINK)),
        ("link.yaml", ("check", LINK)),
        ("link.yaml", ("mode", LINK, "live")),
        ("../../template.yaml", ("check", LINK)),
        ("../../template.yaml", ("cost", "--changes", "1")),
        ("../../template.yaml", ("new", "jira", "github", "--name", "one")),
    ],
)
def test_a_file_of_the_project_that_is_no_utf8_is_named(
    file: str, words: tuple[str, ...], checkout: Path, tieline
) -> None:
    path = checkout / "functions" / LINK / file
    path.write_bytes(path.read_bytes() + "# Größe\n".encode("latin-1"))
    if words[0] == "cost":
        (checkout / "infra").mkdir()
        shutil.copy(ROOT / "infra" / "link.yaml", checkout / "infra")
    said = tieline(*words)
    assert said.status == 1
    assert path.name in said.out + said.err or "template" in said.err


def test_a_file_that_nobody_may_read_is_told_of_by_whichever_verb(checkout: Path, tieline) -> None:
    path = checkout / "functions" / LINK / "link.yaml"
    path.unlink()
    path.mkdir()
    said = tieline("check", LINK)
    assert (said.status, "link.yaml cannot be used: Is a directory" in said.err) == (1, True)
