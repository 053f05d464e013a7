"""What a reconcile decided, as plain data: printable, comparable, and carried out by the worker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from tieline.domain.ticket import Attachment, Value
from tieline.domain.twin import Mark, PartTwin, Turns


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field to write. `otherwise` stands in for a person whom the target does not know.

    `rule` names the rule; what several writes of one rule achieve is recorded only if all worked.
    """

    field: str
    value: Value
    before: Value
    rule: str
    why: str  # changed, initial, conflict: newest, born, along, default, …
    otherwise: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class UpdateFields:
    """All fields of one side, in one write."""

    side: str
    writes: tuple[FieldWrite, ...]


@dataclass(frozen=True, slots=True)
class AddComment:
    """A copy of a comment. `part` is the intent, to be stored before the copy is made."""

    side: str
    part: PartTwin
    body: str
    public: bool


@dataclass(frozen=True, slots=True)
class EditComment:
    """The original's text changed; `part` is what holds once the copy's has, too."""

    side: str
    part: PartTwin
    body: str


@dataclass(frozen=True, slots=True)
class DeleteComment:
    """The original is gone; `part` is what holds once the copy is, too."""

    side: str
    part: PartTwin


@dataclass(frozen=True, slots=True)
class AddAttachment:
    """A copy of a file that stands on the other side as `source`."""

    side: str
    part: PartTwin
    source: Attachment


@dataclass(frozen=True, slots=True)
class DeleteAttachment:
    """The original file is gone; `part` is what holds once the copy is, too."""

    side: str
    part: PartTwin


Action = UpdateFields | AddComment | EditComment | DeleteComment | AddAttachment | DeleteAttachment


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be applied. It parks the twin once the rest is done."""

    kind: str  # refused, configuration, conflict, loop
    reason: str
    place: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Loss:
    """A person's value that a conflict policy gave up, for the history.

    `conflict` says that both sides had changed it: not where an operator preferred a side, nor
    where nobody can tell whether a person or an interrupted try wrote it.
    """

    side: str
    field: str
    lost: Value
    kept: Value
    policy: str
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """`actions` in the order to carry them out, parts before fields.

    `marks` is what the new base holds for each rule (rule -> side -> field -> mark); the mark of a
    field that an action writes is that of what the system gives back. `parts` are twins of
    comments and files that changed without any call. `turns` by rule are what the loop breaker
    remembers; at `again` a field that it holds back is to be looked at again.
    """

    actions: tuple[Action, ...] = ()
    marks: Mapping[str, Mapping[str, Mapping[str, Mark]]] = field(default_factory=dict)
    parts: tuple[PartTwin, ...] = ()
    problems: tuple[Problem, ...] = ()
    losses: tuple[Loss, ...] = ()
    turns: Mapping[str, Turns] = field(default_factory=dict)
    again: datetime | None = None

    def now(self, refused: Collection[str] = ()) -> Plan:
        """What can be done at once: the rest waits for the reads that follow.

        A comment or a file moves the version that a write of fields insists on. Parts whose twins'
        keys are `refused` are left alone.
        """
        actions = [
            a for a in self.actions if isinstance(a, UpdateFields) or a.part.key not in refused
        ]
        touched = {a.side for a in actions if not isinstance(a, UpdateFields)}
        later = [a for a in actions if isinstance(a, UpdateFields) and a.side in touched]
        rules = {write.rule for update in later for write in update.writes}
        return replace(
            self,
            actions=tuple(a for a in actions if a not in later),
            marks={rule: marks for rule, marks in self.marks.items() if rule not in rules},
            losses=tuple(loss for loss in self.losses if not later or loss.side not in touched),
        )
