"""Where things stand in a link.yaml: `functions/<link>/link.yaml:12:5`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tieline.domain.link import Link
from tieline_ops.link_file.faults import Path as Steps
from tieline_ops.link_file.yaml_text import read_yaml
from tieline_ops.link_folder import SOURCE

At = Callable[[Steps], str]
"""Gives the place of a path into the file, or of what is nearest around it."""


def nowhere(steps: Steps) -> str:
    """For a link without a file: the part's name."""
    return f"{SOURCE}: {steps[0]}" if steps else SOURCE


def places(functions: Path, link: Link) -> At:
    """Where a link's file has what; `nowhere` if it cannot be read."""
    shown = f"{functions.name}/{link.name}/{SOURCE}"
    try:
        text = (functions / link.name / SOURCE).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return nowhere
    return read_yaml(text, shown)[1].at


def place_of_field(link: Link, side: str, name: str, at: At) -> str:
    """Where a link names a field of a side first."""
    for rule in link.fields:
        along = [fields for fields in rule.along.get(side, {}).values() if name in fields]
        if rule.names.get(side) == name or along:
            return rule.place
    if name in link.defaults.get(side, {}):
        return at(("defaults", side, name))
    for number, birth in enumerate(link.create):
        if birth.source == side and name in birth.when:
            return at(("create", number, "when", name))
    return at(("sides", side))
