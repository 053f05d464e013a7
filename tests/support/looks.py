"""A doctor's looks at one side of a link of functions/, by a connector to a simulated system."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tieline.domain.link import Link
from tieline.runtime.facts import Facts, from_json, gather, to_json
from tieline.runtime.sides import needed_fields
from tieline_ops.judging import Found, judge, people_of
from tieline_ops.link_folder import SOURCE, load
from tieline_ops.link_places import places
from tieline_ops.schema_changes import changes

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"


@dataclass
class Looks:
    """What is found each time, and what changed; `text` is link.yaml."""

    text: str
    link: Link
    side: str
    at: Any
    before: Facts | None = None
    changed: list[str] = field(default_factory=list)

    def look(self, connector: Any) -> dict[str, Found]:
        """What is not fine, by what it says; `connector` is a new one each time."""
        names = list(needed_fields(self.link, self.side))
        was = self.before.survey.fields.values() if self.before and self.before.survey else ()
        people = people_of(self.link, self.side)
        facts = gather(connector, names, people, (), [now.id for now in was])
        facts = from_json(json.loads(json.dumps(to_json(facts))))
        assert facts.failure is None, facts.failure
        assert facts.survey is not None
        found = [*judge(self.link, self.side, facts, self.at, self.before)]
        self.changed = [c.what for c in changes(self.before, facts)] if self.before else []
        self.before = facts
        ill = [one for one in found if one.grade != "fine"]
        assert len(ill) == len({one.what for one in ill}), ill
        return {one.what: one for one in ill}

    def at_place(self, found: Found) -> str:
        """The rest of the line of link.yaml that a finding points to."""
        name, line, column = found.place.rsplit(":", 2)
        assert name.endswith(f"functions/{self.link.name}/{SOURCE}")
        return self.text.splitlines()[int(line) - 1][int(column) - 1 :]


def looks(name: str, side: str, folder: Path, *rules: str) -> Looks:
    """At a link of functions/ that has more rules of fields, before its own."""
    text = (FUNCTIONS / name / SOURCE).read_text("utf-8")
    text = text.replace("\nfields:\n", "\n".join(["\nfields:", *(f"  - {r}" for r in rules), ""]))
    made = folder / "functions" / name
    made.mkdir(parents=True)
    (made / SOURCE).write_text(text, "utf-8")
    loaded = load(made)
    assert loaded.link is not None, loaded.faults
    return Looks(text, loaded.link, side, places(folder / "functions", loaded.link))
