"""Whether two tickets are the same to people, and nothing is there twice."""

from __future__ import annotations

from typing import Any

from conformance.pairs.link_text import LEFT, RIGHT, Field, files_flow, shared_fields
from conformance.pairs.world import SIDES, World
from conformance.system import Plain, comparable, value_of

from tieline.connectors.base import Want
from tieline.domain.richtext.plain import markdown_to_plain
from tieline.domain.ticket import Kind


def across(side: str) -> str:
    return RIGHT if side == LEFT else LEFT


def fields_of(world: World) -> tuple[Field, ...]:
    """The fields that are kept equal."""
    return tuple(f for f in shared_fields(world.left, world.right) if not f.fixed)


def born_with(world: World) -> tuple[Field, ...]:
    """The fields that a birth carries, those that nothing changes later among them."""
    return shared_fields(world.left, world.right)


def as_other(field: Field, side: str, value: Plain) -> Plain:
    """What a value of a side is on the other."""
    here = {a if side == LEFT else b: b if side == LEFT else a for a, b in _words(field)}
    if isinstance(value, list) and field.pairs:
        return [here[each] for each in value]
    return here.get(str(value), value) if field.pairs else value


def _words(field: Field) -> list[tuple[str, str]]:
    return [(str(here), str(there)) for here, there in field.pairs]


def normal(kind: Kind, plain: Plain) -> Any:
    """A value by what both systems can say: of rich text the words."""
    if kind is Kind.RICH and isinstance(plain, str):
        return " ".join(markdown_to_plain(plain).split())
    return comparable(kind, value_of(kind, plain))


def differences(
    world: World, ids: dict[str, str], fields: tuple[Field, ...] | None = None
) -> dict[str, tuple[Any, Any]]:
    """Where the two tickets of a pair say different things: field -> what each says."""
    seen = {side: world.desk(side).see(ids[side]).fields for side in SIDES}
    titles = [seen[side][world.of(side).title] for side in SIDES]
    found = {"title": (titles[0], titles[1])} if titles[0] != titles[1] else {}
    status = [seen[side][world.of(side).status.name] for side in SIDES]
    if (status[0], status[1]) not in _same_status(world):
        found["status"] = (status[0], status[1])
    for field in fields_of(world) if fields is None else fields:
        here, there = (seen[side][field.of(side).name] for side in SIDES)
        wanted = normal(field.kind, as_other(field, LEFT, here))
        if wanted != normal(field.kind, there):
            found[f"{field.left.name} / {field.right.name}"] = (here, there)
    return found


def _same_status(world: World) -> set[tuple[str, str]]:
    one, two = world.left.status, world.right.status
    return {(one.new, two.new), (one.working, two.working), (one.done, two.done)}


def copies(world: World, side: str, id: str, text: str) -> int:
    """How many comments of a ticket say a text."""
    return sum(text in said.text for said in world.desk(side).see(id).comments)


def file_names(world: World, side: str, id: str) -> list[str]:
    """The names of a ticket's files, each as often as it is there."""
    connector = world.wiring.sides.connector(side)

    found = connector.read(id, Want(attachments=True)).attachments
    return sorted(file.name for file in found or ())


def files_reach(world: World, side: str) -> bool:
    """Whether files of the other side come here."""
    flow = files_flow(world.left, world.right)
    return "<->" in flow or flow.endswith(f"-> {side}")
