"""A link's page: what flows between its two sides, for those who do not read YAML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tieline.domain.explain import wanted
from tieline.domain.link import Birth, Link, Side
from tieline.domain.standing import direction
from tieline_ops.graph.mermaid import mermaid
from tieline_ops.graph.mesh import LONGEST_LABEL, mesh_of, targets
from tieline_ops.link_file.catalogue import Catalogue
from tieline_ops.link_page.fields import Fields, policy
from tieline_ops.link_page.markdown import bold, code, listed, plain, table

MEGABYTE = 1_000_000


def link_page(link: Link, systems: Mapping[str, Catalogue]) -> str:
    """The page's Markdown."""
    known = {
        name: systems[side.system].of(side.scope).standard_fields
        for name, side in link.sides.items()
    }
    page = _Page(link, systems, Fields(link, known))
    return "\n".join(page.lines()).rstrip() + "\n"


def side_words(side: Side, systems: Mapping[str, Catalogue]) -> str:
    """A side in words: `Jira Cloud at acme.atlassian.net, project OPS, issue type Bug`."""
    parts = [f"{plain(systems[side.system].title)} at {code(side.url)}"]
    for key, value in side.scope.items():
        word = key.replace("_", " ")
        parts.append(f"{word} {code(value)}" if len(value) <= LONGEST_LABEL else f"its own {word}")
    return ", ".join(parts)


def condition_words(birth: Birth) -> list[str]:
    """Each condition of a `create` rule, as Markdown."""
    return [f"{code(name)} {plain(wanted(test))}" for name, test in birth.when.items()]


@dataclass(frozen=True, slots=True)
class _Page:
    link: Link
    systems: Mapping[str, Catalogue]
    fields: Fields

    def lines(self) -> Iterator[str]:
        link = self.link
        yield f"# {plain(link.title or link.name)}"
        yield ""
        yield f"The link {code(link.name)} keeps tickets of two systems the same. {self._mode()}"
        yield ""
        yield from self._sides()
        yield from self._births()
        yield from self.fields.section()
        yield from self.fields.people()
        yield from self._comments()
        yield from self._attachments()
        yield from self._differences()
        yield from self._endings()
        yield from self._care()

    def _mode(self) -> str:
        if self.link.mode == "plan":
            return "It is in the mode *plan*: it reads and shows what it would do, writes nothing."
        return "It is live."

    def _sides(self) -> Iterator[str]:
        titles = {word: one.title for word, one in self.systems.items()}
        yield "```mermaid"
        yield mermaid(mesh_of([self.link], titles)).rstrip()
        yield "```"
        yield ""
        for name in self.link.order:
            yield f"- {bold(name)} is {side_words(self.link.sides[name], self.systems)}."
        written = [side for side in self.link.order if side in targets(self.link)]
        if len(written) == 1:
            yield f"- It writes to {bold(written[0])} only."
        yield ""

    def _births(self) -> Iterator[str]:
        link = self.link
        yield "## Which tickets get a counterpart"
        yield ""
        for side in link.order:
            yield from self._births_of(side, link.other(side))
        if link.chain:
            yield "Tickets that another link made get a counterpart, too."
        else:
            yield "Tickets that another link made do not get a counterpart."
        yield ""
        if link.defaults:
            yield from self._defaults()

    def _births_of(self, side: str, other: str) -> Iterator[str]:
        births = [birth for birth in self.link.create if birth.source == side]
        if not births:
            yield f"A ticket in {bold(side)} never brings one to life in {bold(other)}."
            yield ""
        for number, birth in enumerate(births):
            conditions = condition_words(birth)
            also = "also " if number else ""
            lead = f"A ticket in {bold(side)} {also}gets one in {bold(other)}"
            if not conditions:
                yield f"{lead} in any case."
            elif len(conditions) == 1:
                yield f"{lead} if {conditions[0]}."
            else:
                yield f"{lead} if all of this holds:"
                yield ""
                yield from (f"- {one}" for one in conditions)
            yield ""

    def _defaults(self) -> Iterator[str]:
        yield "A new ticket also starts with:"
        yield ""
        rows = [
            [bold(side), code(name), code(text)]
            for side, texts in self.link.defaults.items()
            for name, text in texts.items()
        ]
        yield from table(["in", "field", "value"], rows)
        yield ""

    def _comments(self) -> Iterator[str]:
        rule = self.link.comments
        yield "## Comments"
        yield ""
        if rule is None or not (rule.targets or rule.internal):
            yield "Comments do not cross."
        else:
            if rule.targets:
                flow = direction(self.link, rule.targets)
                yield f"Public comments cross ({flow}), written as {code(rule.template)}."
            if rule.internal:
                flow = direction(self.link, rule.internal)
                yield f"Internal ones cross ({flow}), as internal ones."
            else:
                yield "Internal ones never cross."
            yield "An edit or a deletion of a comment follows where the system allows it."
        yield ""

    def _attachments(self) -> Iterator[str]:
        rule = self.link.attachments
        yield "## Files"
        yield ""
        if rule is None or not rule.targets:
            yield "Files do not cross."
        else:
            flow = direction(self.link, rule.targets)
            yield f"Files of up to {rule.max_bytes / MEGABYTE:g} MB cross ({flow})."
        yield ""

    def _differences(self) -> Iterator[str]:
        link = self.link
        yield "## When both sides differ"
        yield ""
        if link.initial in link.order:
            yield f"- When a pair is new, {bold(link.initial)} is right where values differ."
        else:
            yield "- When a pair is new, only what is empty on one side is filled from the other."
        yield f"- If both sides change the same field: {policy(link.conflicts)}."
        yield "- Tags and lists of several values are merged, element by element."
        yield ""

    def _endings(self) -> Iterator[str]:
        link = self.link
        deleted = {
            "keep": "the other stays as it is, and the pair ends.",
            "close": "the other is closed, and the pair ends.",
            "unlink": "the other stays as it is, and the pair ends.",
        }[link.on_delete]
        yield "## When a ticket is deleted or no longer belongs here"
        yield ""
        yield f"- If one of two tickets is deleted, {deleted}"
        if link.on_leave == "unlink":
            yield (
                "- A ticket that no longer meets the conditions above gets a last update, its"
                " counterpart a note, and they part. If it meets them again, they are joined again."
            )
        else:
            yield "- A ticket that no longer meets the conditions above stays with its counterpart."
        yield ""

    def _care(self) -> Iterator[str]:
        brake, name = self.link.brake, self.link.name
        yield "## Care"
        yield ""
        yield (
            f"- The brake is set to {brake.writes_per_hour} writes and {brake.deletes_per_hour}"
            " deletions an hour."
        )
        yield (
            "- A ticket that a system refuses, or a value that has no counterpart, waits for a"
            " person, and every other ticket goes on."
        )
        yield f"- What waits for a person: `tieline errors {name}`."
        yield f"- How one ticket stands: `tieline show {name} TICKET`."
        yield f"- Why something did or did not cross: `tieline why {name} TICKET`."


def births_in_short(link: Link) -> str:
    """What brings tickets to life, on a line of the index."""
    said = []
    for birth in link.create:
        conditions = listed(condition_words(birth))
        said.append(f"from {plain(birth.source)}" + (f" if {conditions}" if conditions else ""))
    return "; ".join(said) or "nothing"
