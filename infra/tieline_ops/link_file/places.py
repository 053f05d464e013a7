"""Where the parts of a link.yaml stand, for answers that name a rule."""

from __future__ import annotations

from pathlib import Path

from tieline_ops.link_file.yaml_text import read_yaml


def create_places(folder: Path) -> tuple[str, ...]:
    """`functions/<link>/link.yaml:7:5` of each `create` rule; () if the file cannot be read."""
    file = folder / "link.yaml"
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    content, faults = read_yaml(text, f"{folder.parent.name}/{folder.name}/{file.name}")
    rules = content.get("create") if isinstance(content, dict) and not faults.found else None
    return tuple(faults.at(("create", n)) for n in range(len(rules or ())))
