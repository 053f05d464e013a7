"""The fields of a link in words and tables: what flows where, and what means what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tieline.domain.link import FieldRule, Link
from tieline.domain.standing import direction
from tieline.domain.ticket import FieldSpec, Kind
from tieline_ops.link_page.markdown import bold, code, listed, plain, table

Known = Mapping[str, Mapping[str, FieldSpec]]
"""Side -> field -> what its system is known to have; custom fields are not in it."""

KINDS = {
    Kind.TEXT: "text",
    Kind.RICH: "formatted text",
    Kind.DATE: "date",
    Kind.DATETIME: "date and time",
    Kind.OPTION: "one of a list",
    Kind.OPTIONS: "several of a list",
    Kind.PERSON: "person",
    Kind.NUMBER: "number",
    Kind.BOOLEAN: "yes or no",
    Kind.TAGS: "tags",
}


@dataclass(frozen=True, slots=True)
class Fields:
    """A link's rules, as its page tells of them."""

    link: Link
    known: Known

    def section(self) -> Iterator[str]:
        """The table of all fields, and below it what needs more than a line."""
        first, second = self.link.order
        yield "## Fields"
        yield ""
        rows = [self._row(rule) for rule in self.link.fields]
        yield from table([plain(first), "", plain(second), "how"], rows)
        yield ""
        yield (
            "A field crosses when people change it; fields that are not named here never do."
            " Values that mean the same already are left as they are."
        )
        yield ""
        for rule in self.link.fields:
            if rule.values or rule.otherwise or rule.along or rule.conflicts:
                yield from self._in_full(rule)

    def _row(self, rule: FieldRule) -> list[str]:
        names = [self._name(rule, side) for side in self.link.order]
        return [names[0], self._arrow(rule), names[1], self._how(rule)]

    def _name(self, rule: FieldRule, side: str) -> str:
        return code(rule.names[side]) if side in rule.names else ""

    def _arrow(self, rule: FieldRule) -> str:
        if len(rule.targets) > 1:
            return "↔"
        return "→" if rule.targets[0] == self.link.order[1] else "←"

    def _how(self, rule: FieldRule) -> str:
        if rule.template is not None:
            return f"the text {code(rule.template)}"
        specs = self._specs(rule)
        said = ["status"] if any(spec.alias == "status" for spec in specs) else []
        kinds = dict.fromkeys(KINDS[spec.kind] for spec in specs)
        said += [" / ".join(kinds)] if kinds else []
        return ", ".join([*said, "by the table below" if rule.values else "as it is"])

    def _specs(self, rule: FieldRule) -> list[FieldSpec]:
        found = (self.known.get(side, {}).get(rule.names[side]) for side in rule.names)
        return [spec for spec in found if spec is not None]

    def _in_full(self, rule: FieldRule) -> Iterator[str]:
        names = [f"{code(rule.names[s])} in {plain(s)}" for s in self.link.order if s in rule.names]
        yield f"### {listed(names)}"
        yield ""
        if rule.values:
            yield from self._values(rule)
            yield ""
        for line in (*self._otherwise(rule), *self._along(rule), *_own_policy(rule)):
            yield f"- {line}"
        yield ""

    def _values(self, rule: FieldRule) -> Iterator[str]:
        """A row for each pair, with the ways in which it is used."""
        first, second = self.link.order
        back: set[str] = set()
        rows = []
        for left, right in rule.values:
            ways = []
            if second in rule.targets:
                ways.append("→")
            if first in rule.targets and right not in back:
                ways.append("←")
            back.add(right)
            arrow = "↔" if len(ways) > 1 else "".join(ways)
            rows.append([code(left), arrow, code(right)])
        yield from table([plain(first), "", plain(second)], rows)
        if first in rule.targets and len({right for _, right in rule.values}) < len(rule.values):
            yield ""
            yield (
                f"Where several values of {plain(first)} mean the same in {plain(second)}, the one"
                " that is there already stays; otherwise the one with the arrow back is taken."
            )

    def _otherwise(self, rule: FieldRule) -> Iterator[str]:
        person = any(spec.kind is Kind.PERSON for spec in self._specs(rule))
        for side in rule.targets:
            if side in rule.otherwise:
                text = rule.otherwise[side]
                said = f"becomes {code(text)}" if text else "leaves the field empty"
                what = "A person whom it does not know" if person else "Anything else"
                yield f"{what} {said} in {bold(side)}."
            elif rule.values:
                other = bold(self.link.other(side))
                yield f"Any other value of {other} does not cross, and waits for a person."

    def _along(self, rule: FieldRule) -> Iterator[str]:
        for side, by_value in rule.along.items():
            for value, extras in by_value.items():
                said = listed([f"{code(name)} as {code(text)}" for name, text in extras.items()])
                yield f"When it becomes {code(value)} in {bold(side)}, that also gets {said}."

    def people(self) -> Iterator[str]:
        """How people are carried over, if any are."""
        rules = [r for r in self.link.fields if any(s.kind is Kind.PERSON for s in self._specs(r))]
        if not rules:
            return
        yield "## People"
        yield ""
        yield "People are found in the other system by their e-mail address."
        for rule in rules:
            names = listed([code(name) for name in rule.names.values()])
            flow = direction(self.link, rule.targets)
            lost = [side for side in rule.targets if side not in rule.otherwise]
            yield ""
            yield f"- {names} ({flow})" + (
                f": somebody whom {listed([bold(s) for s in lost], 'or')} does not know does not"
                " cross, and waits for a person."
                if lost
                else ": see above for whom the other side does not know."
            )
        yield ""


def _own_policy(rule: FieldRule) -> Iterator[str]:
    if rule.conflicts is not None:
        yield f"If both sides change it: {policy(rule.conflicts)}."


def policy(word: str) -> str:
    """A conflict policy in words."""
    if word == "newest":
        return "the newer change wins, and the other is kept in the history for a year"
    if word == "hold":
        return "neither is written; the ticket waits until a person makes them equal"
    return f"{bold(word)} wins, and the other change is kept in the history for a year"
