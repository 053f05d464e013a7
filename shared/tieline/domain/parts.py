"""What comments and attachments have in common: twins of their own, made from intents.

The original owns its content: an edit or a delete of it goes to the copy, never the other way. A
copy that a person deletes is not made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from tieline.domain.marks import mark
from tieline.domain.plan import Action
from tieline.domain.ticket import Attachment, Comment
from tieline.domain.twin import PartKind, PartState, PartTwin, Twin

T = TypeVar("T", Comment, Attachment)


@dataclass
class PartsPlan:
    """Actions, and twins of parts that changed without a call. `known` are all twins by key."""

    known: dict[str, PartTwin]
    actions: list[Action] = field(default_factory=list)
    parts: list[PartTwin] = field(default_factory=list)

    def keep(self, part: PartTwin) -> None:
        """A twin that is to be stored although nothing is to be called."""
        self.known[part.key] = part
        self.parts.append(part)

    def by_id(self, side: str) -> dict[str, PartTwin]:
        """The twins by the id of their element on one side."""
        return {p.ids[side]: p for p in self.known.values() if side in p.ids}

    def adopt(
        self, side: str, elements: Sequence[T], is_copy: Callable[[PartTwin, T], bool]
    ) -> None:
        """Bind the copies on `side` that an earlier attempt made and did not live to record."""
        bound = set(self.by_id(side))
        for part in sorted(self.known.values(), key=lambda p: (p.created, p.key)):
            if part.state is not PartState.CREATING or part.origin == side:
                continue
            for element in elements:
                if element.id not in bound and is_copy(part, element):
                    bound.add(element.id)
                    ids = {**part.ids, side: element.id}
                    self.keep(replace(part, state=PartState.LIVE, ids=ids))
                    break


def part_key(twin: Twin, kind: PartKind, side: str, id: str) -> str:
    """The key of a part's twin: the same at every attempt, so that an intent is made once."""
    text = f"{twin.key}|{kind}|{side}|{id}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def intent(
    twin: Twin, kind: PartKind, side: str, id: str, marks: Mapping[str, str], now: datetime
) -> PartTwin:
    """The twin of an element of `side` whose copy is yet to be made."""
    key = part_key(twin, kind, side, id)
    return PartTwin(key, kind, PartState.CREATING, side, {side: id}, marks, now)


def text_mark(text: str) -> str:
    """A text's normal form in short."""
    value = mark(text)
    assert isinstance(value, str)
    return value
