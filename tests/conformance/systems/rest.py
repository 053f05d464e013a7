"""Roundup, a tracker that nobody here wrote, behind the connector that a description makes."""

from __future__ import annotations

from pathlib import Path

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.connectors.rest.description import Description
from tieline.domain.ticket import Kind
from tieline_ops.link_file.yaml_text import read_yaml

ROUNDUP = Path(__file__).resolve().parents[3] / "infra" / "tieline_ops" / "roundup.yaml"


def description(path: Path = ROUNDUP) -> str:
    """A description as the build compiles it."""
    content, faults = read_yaml(path.read_text("utf-8"), path.name)
    assert not faults.found, faults.all()
    told = Description.model_validate(content)
    return told.model_dump_json(by_alias=True, exclude_defaults=True)


_SCHEMA = "Roundup, classic template, schema.py"
_TALK = Lack("a message stays as it was sent", "Roundup, classic template: users create messages")

SYSTEM = SystemUnderTest(
    system="rest",
    url="https://tracker.acme.example",
    second_url="https://tracker.other.example",
    scope={"description": description()},
    title="title",
    status=Status("status", "unread", "in-progress", "resolved"),
    fields=(
        Sample("title", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("details", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("due", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("priority", Kind.OPTION, "urgent", "bug"),
        Sample("keyword", Kind.OPTIONS, ["network", "printer"], ["tieline"]),
        Sample("assignedto", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
    ),
    calls={"comment": 4, "file": 4},  # it is made, then put on the issue, which asks for its ETag
    lacks={
        "create.copy": Lack("there is no command that copies an issue", "Roundup, user guide"),
        "fields.datetime": Lack("no property of a moment that people set", _SCHEMA),
        "fields.number": Lack("no number property", _SCHEMA),
        "fields.boolean": Lack("no boolean property", _SCHEMA),
        "fields.tags": Lack("keywords are a list of the tracker's own", _SCHEMA),
        "comments.internal": Lack("every message is seen by all", _SCHEMA),
        "comments.edit": _TALK,
        "comments.delete": _TALK,
        "files.inline": Lack("texts show no files", "Roundup, classic template"),
    },
)
