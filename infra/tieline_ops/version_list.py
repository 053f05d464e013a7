"""The versions of a link that ran, as its function recorded them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.asking import checked
from tieline_ops.calling import Calls
from tieline_ops.link_changes import changes
from tieline_ops.trouble import Trouble

HINT = "say `tieline status`; a version is recorded at a function's first poll"
SAME = "the text of link.yaml, not what it says"
UNREADABLE = "cannot be compared: another version of Tieline compiled it"


@dataclass(frozen=True, slots=True)
class Ran:
    """A version that ran. `link` is None if another version of Tieline compiled it."""

    name: str
    since: str
    link: Link | None
    source: str


@dataclass(frozen=True, slots=True)
class Versions:
    """All that are known, the newest first, and the name of the one that runs."""

    running: str
    all: tuple[Ran, ...]

    def named(self, name: str) -> Ran:
        """The newest version whose name begins so. Raises Trouble."""
        found = {one.name: one for one in reversed(self.all) if one.name.startswith(name)}
        if not found:
            known = ", ".join(dict.fromkeys(one.name for one in self.all)) or "none"
            raise Trouble(f"no version {name!r} ran", f"these did: {known}")
        if len(found) > 1:
            raise Trouble(f"{name!r} names {len(found)} versions", "write more of its name")
        return next(iter(found.values()))

    def before(self) -> Ran:
        """The last version that said something else than the one that runs. Raises Trouble."""
        sources = {one.source for one in self.all if one.name == self.running}
        for one in self.all:
            if one.name != self.running and one.source not in sources:
                return one
        raise Trouble("no earlier version is known", "`tieline versions` lists those that ran")


def versions(calls: Calls, link: str) -> Versions:
    """Every version of a link that ran. Raises Trouble."""
    found: list[Ran] = []
    running, position = "", None
    while True:
        event = {"tieline": "versions", **({"position": position} if position else {})}
        answer = checked(calls.ask(link, event), HINT)
        running, position = answer["running"], answer["position"]
        found += [_ran(one) for one in answer["versions"]]
        if not position:
            return Versions(running, tuple(found))


def _ran(told: Mapping[str, Any]) -> Ran:
    try:
        link = link_json.load(json.dumps(told["compiled"]))
    except (ValueError, TypeError, KeyError):
        link = None
    return Ran(told["version"], told["since"], link, told["source"])


def between(old: Ran | None, new: Ran) -> Sequence[str]:
    """What changed from one version to the next, in words."""
    if old is None:
        return ("the first that is known",)
    if old.link is None or new.link is None:
        return (UNREADABLE,)
    return changes(old.link, new.link) or (SAME,)
