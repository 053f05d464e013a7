"""A link as the rest of the code sees it: link.yaml, checked and compiled.

Sides are called by the short names that their users chose. The operator's side makes these values
from YAML; `functions/<link>/link.json` is their JSON, which `link_json.load` reads in the function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tieline.domain.template import BUILT_IN, names

Policy = str
"""`newest`, `hold`, or the name of the side that is preferred."""


@dataclass(frozen=True, slots=True)
class Side:
    """One configured place in a system."""

    name: str
    system: str
    url: str
    scope: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Test:
    """One condition on one field; all the parts that are not None must hold.

    Values are compared as link.yaml writes them: with an option's value or label, a person's
    e-mail address or name, any one of a field with several values. Dates are ISO 8601.
    """

    any_of: tuple[str, ...] | None = None  # equals one of these ("" is empty)
    none_of: tuple[str, ...] | None = None
    has: tuple[str, ...] | None = None  # several values: holds all of these
    matches: str | None = None  # a regular expression, found anywhere, at most 200 characters
    before: str | None = None
    after: str | None = None
    empty: bool | None = None


@dataclass(frozen=True, slots=True)
class Birth:
    """Tickets of side `source` that meet `when` (every field's test) get a twin."""

    source: str
    when: Mapping[str, Test]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One line under `fields:`.

    `names` is side -> native field name; a rule with a template has only the target. `targets` are
    the sides that it writes to. `values` are pairs (first side's, second side's) in the order of
    `Link.order`. `otherwise` is the value for a side when the incoming one has no counterpart
    there. `along` is what must be written together with a value: side -> value -> field -> text
    (which may be a template).
    """

    names: Mapping[str, str]
    targets: tuple[str, ...]
    place: str  # "link.yaml:12:5"
    values: tuple[tuple[str, str], ...] = ()
    otherwise: Mapping[str, str] = field(default_factory=dict)
    along: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    template: str | None = None
    conflicts: Policy | None = None

    @property
    def id(self) -> str:
        """Names the rule within its link, stable when lines move."""
        return "|".join(f"{side}.{name}" for side, name in sorted(self.names.items()))


@dataclass(frozen=True, slots=True)
class CommentsRule:
    """What becomes of comments. `internal`: the sides that internal ones cross to, as internal."""

    targets: tuple[str, ...]
    template: str = "{author}: {body}"
    internal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AttachmentsRule:
    """What becomes of files."""

    targets: tuple[str, ...]
    max_bytes: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Brake:
    """Beyond so many writes or deletes in an hour the link pauses and asks a person."""

    writes_per_hour: int = 500
    deletes_per_hour: int = 5


@dataclass(frozen=True, slots=True)
class Link:
    """Two sides, what flows between them and how it is translated."""

    name: str  # the folder under functions/
    sides: Mapping[str, Side]  # exactly two
    order: tuple[str, str]  # the sides' names as the file has them
    title: str = ""
    create: tuple[Birth, ...] = ()
    fields: tuple[FieldRule, ...] = ()
    comments: CommentsRule | None = None
    attachments: AttachmentsRule | None = None
    defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    initial: str = "fill empty"  # or the name of the side that is preferred
    conflicts: Policy = "newest"
    on_delete: Literal["keep", "close", "unlink"] = "keep"
    on_leave: Literal["keep", "unlink"] = "keep"
    mode: Literal["live", "plan"] = "live"
    brake: Brake = Brake()
    chain: bool = False

    def other(self, side: str) -> str:
        """The name of the side across."""
        first, second = self.order
        return second if side == first else first

    def field_names(self, side: str) -> frozenset[str]:
        """Every native field of a side that a rule, a condition or a template reads or writes."""
        found: set[str] = set(self.defaults.get(side, {}))
        for birth in self.create:
            if birth.source == side:
                found.update(birth.when)
        for text in self.defaults.get(self.other(side), {}).values():
            found.update(names(text))
        for rule in self.fields:
            if side in rule.names:
                found.add(rule.names[side])
            found.update(names(rule.template or "") if side not in rule.targets else ())
            for target, by_value in rule.along.items():
                for texts in by_value.values():
                    if target == side:
                        found.update(texts)
                    else:
                        found.update(name for text in texts.values() for name in names(text))
        return frozenset(found - BUILT_IN)
