"""How an issue of Jira gets into a status: by transitions, chosen by where they lead.

Jira Cloud REST v3, Issues: Get transitions, Transition issue. A status in an edit is ignored
silently, and transitions are named as somebody liked, so only their targets count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tieline.connectors.jira.wire import Field, write_value
from tieline.domain.errors import Refused
from tieline.domain.ticket import Option, Value

HOPS = 6
"""A way to a status has at most so many transitions."""
_RANKS: Mapping[str, int] = {"new": 0, "indeterminate": 1, "done": 2}

Json = Mapping[str, Any]
Call = Callable[..., Any]
"""`Http.call`, or what does the same."""


class Transitions:
    """Moves issues to statuses. `fields` are the values that a transition's screen may take."""

    def __init__(self, call: Call, project: str) -> None:
        self._call = call
        self._project = project
        self._statuses: tuple[Json, ...] = ()

    def statuses(self) -> tuple[Json, ...]:
        """Every status of the project, asked for once.

        Jira Cloud REST v3, Projects: Get all statuses for project.
        """
        if not self._statuses:
            path = "/rest/api/3/project/{project}/statuses"
            kinds = self._call("GET", path, parts={"project": self._project}).json()
            found = {s["id"]: s for kind in kinds for s in kind["statuses"]}
            self._statuses = tuple(found.values())
        return self._statuses

    def move(
        self, id: str, current: Json, target: Option, values: Mapping[Field, Value]
    ) -> frozenset[Field]:
        """Bring an issue from its `current` status to `target`; gives the fields that were set.

        When no transition leads there, goes over others whose category lies between, and back
        again when that fails. Raises Refused.
        """
        if is_status(current, target):
            return frozenset()
        goal = self._goal(target)
        visited, here = {str(current["id"])}, current
        try:
            for _ in range(HOPS):
                step = self._step(id, here, goal, target, visited, values)
                used = self._take(id, step, values)
                here = step["to"]
                visited.add(str(here["id"]))
                if is_status(here, target):
                    return used
            raise _no_way(current, target)
        except Refused:
            if here is not current:
                self._back(id, current)
            raise

    def screen(self, id: str, target: Option) -> frozenset[str]:
        """The ids of the fields that the direct transition to a status takes along, if any."""
        for step in self._offered(id):
            if is_status(step["to"], target):
                return frozenset(step.get("fields") or {})
        return frozenset()

    def _goal(self, target: Option) -> Json:
        for status in self.statuses():
            if is_status(status, target):
                return status
        names = ", ".join(str(s.get("name")) for s in self.statuses())
        words = f"{target.label or target.value} is no status of {self._project}, which has {names}"
        raise Refused("jira: the project has no such status", words, ("status",))

    def _offered(self, id: str) -> list[Json]:
        answer = self._call(
            "GET",
            "/rest/api/3/issue/{id}/transitions",
            parts={"id": id},
            params={"expand": "transitions.fields"},
        ).json()
        steps = sorted(answer["transitions"], key=lambda s: int(s["to"]["id"]))
        return [step for step in steps if step.get("isAvailable", True)]

    def _step(
        self,
        id: str,
        here: Json,
        goal: Json,
        target: Option,
        visited: set[str],
        values: Mapping[Field, Value],
    ) -> Json:
        steps = self._offered(id)
        direct = [step for step in steps if is_status(step["to"], target)]
        if direct:
            for step in direct:
                if not _missing(step, values):
                    return step
            raise _needs(direct[0], values)
        low, high = sorted((_rank(here), _rank(goal)))
        between = [
            step
            for step in steps
            if str(step["to"]["id"]) not in visited
            and low <= _rank(step["to"]) <= high
            and not _missing(step, values)
        ]
        if not between:
            raise _no_way(here, target)
        return min(between, key=lambda s: abs(_rank(goal) - _rank(s["to"])))

    def _take(self, id: str, step: Json, values: Mapping[Field, Value]) -> frozenset[Field]:
        screen = step.get("fields") or {}
        used = frozenset(field for field in values if field.id in screen)
        body: dict[str, Any] = {"transition": {"id": step["id"]}}
        if used:
            body["fields"] = {field.id: write_value(field, values[field]) for field in used}
        path = "/rest/api/3/issue/{id}/transitions"
        self._call("POST", path, parts={"id": id}, json=body)
        return used

    def _back(self, id: str, origin: Json) -> None:
        """A half-way status would look like a person's change; undo it where that is possible."""
        origin_id = str(origin["id"])
        for step in self._offered(id):
            if str(step["to"]["id"]) == origin_id and not _missing(step, {}):
                self._take(id, step, {})
                return


def is_status(status: Json, wanted: Option) -> bool:
    """Whether this is the status that is wanted, by its id or else by its name."""
    return str(status["id"]) == wanted.value or (
        not wanted.value.isdigit()
        and (wanted.means(str(status.get("name", ""))) or wanted.means(str(status["id"])))
    )


def is_done(status: Json) -> bool:
    """Whether a status is of the category in which many workflows forbid edits."""
    return _rank(status) == _RANKS["done"]


def _rank(status: Json) -> int:
    return _RANKS.get(str((status.get("statusCategory") or {}).get("key")), 1)


def _missing(step: Json, values: Mapping[Field, Value]) -> list[str]:
    given = {field.id for field, value in values.items() if value not in (None, "")}
    screen: Json = step.get("fields") or {}
    return [
        id
        for id, shown in screen.items()
        if shown.get("required") and not shown.get("hasDefaultValue") and id not in given
    ]


def _no_way(here: Json, target: Option) -> Refused:
    name = target.label or target.value
    return Refused(
        f"jira: no transition leads from {here.get('name')} to the status that is wanted",
        f"No way from {here.get('name')} to {name} within {HOPS} transitions",
        ("status",),
    )


def _needs(step: Json, values: Mapping[Field, Value]) -> Refused:
    missing = _missing(step, values)
    said = []
    for id in missing:
        allowed = (step["fields"][id].get("allowedValues") or ())[:20]
        names = ", ".join(str(v.get("name") or v.get("value") or v.get("id")) for v in allowed)
        said.append(f"{id} (one of: {names})" if names else id)
    return Refused(
        f"jira: the transition to {step['to'].get('name')} needs {', '.join(missing)}",
        f"The transition {step.get('name')} needs {'; '.join(said)}: write it along with status",
        ("status", *missing),
    )
