"""The folder that holds the links: `functions/`, `template.yaml` and what belongs to them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tieline_ops.files import read_text
from tieline_ops.link_folder import folders
from tieline_ops.trouble import Trouble, Wrong, unknown

_STANZA = re.compile(r"^  (\w+):\n((?:    .*\n|\s*\n)+)", re.MULTILINE)
_LINK = re.compile(r"\bLink: *([\w-]+)")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Project:
    """A checkout of Tieline, or of somebody's own links that use it."""

    root: Path

    @property
    def functions(self) -> Path:
        return self.root / "functions"

    @property
    def template(self) -> Path:
        return self.root / "template.yaml"

    @property
    def local_state(self) -> Path:
        """What `make run` leaves while it is up."""
        return self.root / ".state" / "local.json"

    def names(self) -> tuple[str, ...]:
        """The links that there are, in the order of their names."""
        return tuple(folder.name for folder in folders(self.functions))

    def chosen(self, names: Iterable[str]) -> tuple[str, ...]:
        """The links that were asked for, or all of them. Raises Wrong."""
        there, asked = self.names(), tuple(dict.fromkeys(names))
        for name in asked:
            if name not in there:
                raise unknown("link", name, there, "make one with `tieline new SYSTEM SYSTEM`")
        return asked or there

    def stanzas(self) -> dict[str, str]:
        """Link -> its stanza in template.yaml, as it is written there."""
        if not self.template.exists():
            return {}
        found: dict[str, str] = {}
        for stanza in _STANZA.finditer(read_text(self.template)):
            link = _LINK.search(stanza[2])
            if "infra/link.yaml" in stanza[2] and link:
                found[link[1]] = stanza[0].rstrip("\n") + "\n"
        return found


def find(start: Path | None) -> Project:
    """The project that `start` (the working directory, if None) stands in. Raises Trouble."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "functions").is_dir():
            return Project(folder)
        if start is not None:
            break
    hint = "go into a checkout of the project, or name it with `tieline --project FOLDER …`"
    raise Trouble(f"no folder `functions` in {here} or above it", hint)


def logical_id(link: str) -> str:
    """A link's name in template.yaml: `JiraServicenow` for `jira-servicenow`."""
    return "".join(part.capitalize() for part in link.split("-"))


def check_name(name: str) -> str:
    """A name that a folder, a queue and a route can all have. Raises Wrong."""
    if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        hint = f"use small letters, digits and single hyphens, at most {LONGEST_NAME}"
        raise Wrong(f"{name!r} cannot name a link", hint)
    return name
