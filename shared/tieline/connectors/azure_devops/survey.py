"""What an organisation says of a type's fields and states today, for `tieline doctor`.

Azure DevOps REST 7.1: Work item types field, List; Fields, List; Work item types, Get. What binds
only in a state, or only somebody (Azure DevOps: Rules and rule evaluation), is in none of them, and
neither is a field that a process makes read-only for one type.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from tieline.connectors.azure_devops.schema import FILLED, Schema
from tieline.connectors.azure_devops.wire import Field
from tieline.connectors.base import FieldNow, Survey


def surveyed(schema: Schema, names: Iterable[str], own: str) -> Survey:
    """The fields behind `names`, others that a creation must carry, and the ways between states.

    `own` is the field that carries correlations, or "": we fill it ourselves.
    """
    known = schema.everything()
    needed = frozenset(schema.required()) - FILLED - {own}

    def now(field: Field) -> FieldNow:
        """A field by its name on the form, which may change; its reference name does not."""
        ref = field.ref
        shown = known.get(ref, field)
        return FieldNow(
            ref,
            shown.spec.alias or ref,
            "always" if ref in needed else "",
            shown.spec.writable,
            schema.options(field),
        )

    found = {name: now(field) for name, field in schema.known(names).items()}
    taken = {field.id for field in found.values()}
    others = tuple(now(known[ref]) for ref in sorted(needed - taken) if ref in known)
    return Survey(found, others, _steps(schema.moves()))


def _steps(moves: Mapping[str, tuple[str, ...]]) -> dict[str, frozenset[str]]:
    """State -> those that may follow it, for each state that a new item can come to.

    `moves` has every state of the type, also one that nothing leads to any more; "" is a new item.
    """
    reached: dict[str, frozenset[str]] = {}
    waiting = deque(moves.get("", ()))
    while waiting:
        state = waiting.popleft()
        if state not in reached:
            reached[state] = frozenset(moves.get(state, ())) - {state}
            waiting.extend(reached[state])
    return reached
