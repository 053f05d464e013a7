"""The link of functions/jira-servicenow with other words in its link.yaml."""

from __future__ import annotations

from pathlib import Path

from tieline.domain.link import Link
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_file.compiling import compile_link

FILE = Path(__file__).parents[2] / "functions/jira-servicenow/link.yaml"


def reworded(*pairs: tuple[str, str]) -> Link:
    """Of each pair, the first text is there and is replaced by the second."""
    text = FILE.read_text("utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    link, faults = compile_link(text, "jira-servicenow", catalogues())
    assert link is not None, faults
    return link
