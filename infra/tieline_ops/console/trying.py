"""A link.yaml that somebody edits: what is wrong with it, and what it would write for a ticket."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.cases import run_cases
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.link_file.faults import Fault
from tieline_ops.link_file.yaml_text import LONGEST
from tieline_ops.link_folder import SOURCE, beside
from tieline_ops.project import Project
from tieline_ops.trouble import Trouble

Json = dict[str, Any]
HINT = "write its key, its id or its address"


class Planner(Protocol):
    """Says what a link that is not deployed would write. Raises Trouble."""

    def plan(self, link: Link, ticket: Mapping[str, str]) -> Json:
        """Writes and problems for a ticket: `{ticket, side?}`."""


@dataclass(frozen=True)
class Trying:
    """The text areas of a project's links. Nothing is written, here or in a system."""

    project: Project
    calls: Calls
    planner: Planner

    def text(self, name: str) -> Json:
        """The link.yaml as it stands in its folder. Raises Wrong."""
        (chosen,) = self.project.chosen([name])
        return {"text": (self.project.functions / chosen / SOURCE).read_text("utf-8")}

    def check(self, name: str, text: str) -> Json:
        """Every fault of a text, with its line and column, and whether the examples hold."""
        link, faults = self._compiled(name, text)
        failed: list[Json] = []
        count = 0
        cases = self.project.functions / name / "cases.yaml"
        if link is not None and cases.exists():
            for outcome in run_cases(cases, link, catalogues()):
                count += 1
                failed += [
                    {"place": outcome.place, "name": outcome.name, "what": one}
                    for one in outcome.differences
                ]
        return {"faults": [_fault(one) for one in faults], "examples": count, "failed": failed}

    def preview(self, name: str, text: str | None, ticket: Mapping[str, str]) -> Json:
        """What would be written for a ticket, by a text or by the link as it runs."""
        if text is None:
            (chosen,) = self.project.chosen([name])
            return checked(self.calls.ask(chosen, {"tieline": "preview", **ticket}), HINT)
        link, faults = self._compiled(name, text)
        if link is None:
            return {"faults": [_fault(one) for one in faults]}
        _same_places(link_of(self.project, name), link)
        return self.planner.plan(link, ticket)

    def _compiled(self, name: str, text: str) -> tuple[Link | None, tuple[Fault, ...]]:
        (chosen,) = self.project.chosen([name])
        near = partial(beside, self.project.functions / chosen)
        return compile_link(text[: LONGEST + 1], chosen, catalogues(), SOURCE, near)


@dataclass(frozen=True)
class AskedPlanner:
    """Has the link's function plan, which knows the twins and has the credentials."""

    calls: Calls

    def plan(self, link: Link, ticket: Mapping[str, str]) -> Json:
        seen = checked(self.calls.ask(link.name, {"tieline": "show", **ticket}), HINT)
        twin = seen["twin"]
        if twin is None:
            raise Trouble("this ticket has no counterpart yet", "deploy the link, then preview it")
        event = {
            "tieline": "diff",
            "link": json.loads(link_json.dump(link)),
            "twins": [twin["key"]],
        }
        answer = checked(self.calls.ask(link.name, event), HINT)
        if not answer["twins"]:
            raise Trouble(str(answer["stopped"]) or "the ticket could not be read")
        (one,) = answer["twins"]
        return {**one, "problems": [problem["reason"] for problem in one["problems"]]}


@dataclass(frozen=True)
class OwnPlanner:
    """Plans in this process with the operator's own code: `answer(link, event)`."""

    answer: Callable[[Link, Mapping[str, Any]], Json]

    def plan(self, link: Link, ticket: Mapping[str, str]) -> Json:
        return checked(self.answer(link, {"tieline": "preview", **ticket}), HINT)


def _same_places(old: Link, new: Link) -> None:
    """Credentials go to no other place than those that they are for. Raises Trouble."""
    for name in {*old.order, *new.order}:
        mine, theirs = old.sides.get(name), new.sides.get(name)
        if mine is None or theirs is None:
            raise Trouble("a side has another name", "its twins would not be found by it")
        if (mine.system, mine.url) != (theirs.system, theirs.url):
            raise Trouble(f"{name} is another place", "a preview reads the places that are linked")
        if theirs.system == "rest" and theirs.scope != mine.scope:
            raise Trouble(f"{name} is described otherwise", "deploy the description, then preview")


def _fault(fault: Fault) -> Json:
    return {
        "line": fault.line,
        "column": fault.column,
        "path": fault.path,
        "what": fault.what,
        "remedy": fault.remedy,
    }
