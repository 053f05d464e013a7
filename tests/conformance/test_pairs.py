"""Every pair of systems, each with itself too: a link.yaml, people at work, and agreement.

What crosses is what link.yaml says, so nothing here knows any system by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import combinations_with_replacement
from typing import Any

import pytest
from conformance.pairs.agreement import (
    across,
    as_other,
    copies,
    differences,
    fields_of,
    file_names,
    files_reach,
    normal,
)
from conformance.pairs.link_text import LEFT, RIGHT
from conformance.pairs.world import SIDES, World
from conformance.system import SystemUnderTest, discovered

from tieline_ops.sandbox.desk import JANE, LENA, OMAR

PAIRS = tuple(combinations_with_replacement(discovered().values(), 2))


@pytest.fixture
def world(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[World]:
    started = time.perf_counter()
    made = World(*request.param)
    yield made
    made.close()
    record_property("pair", time.perf_counter() - started)


def named(pair: tuple[SystemUnderTest, SystemUnderTest]) -> str:
    return f"{pair[0].system}-{pair[1].system}"


@pytest.mark.parametrize("world", PAIRS, ids=map(named, PAIRS), indirect=True)
def test_both_sides_agree(world: World) -> None:
    ids = _born(world, LEFT, "Born on the left")
    _edited_both_ways(world, ids)
    _said_both_ways(world, ids)
    _attached_both_ways(world, ids)
    others = _born(world, RIGHT, "Born on the right")
    _closed(world, others)
    _edited_at_once(world, ids)
    world.settle()
    status = world.status()
    assert (status["parked"], status["twins"], world.queue.dead) == (0, 2, []), status
    assert [len(world.desk(side).ids()) for side in SIDES] == [2, 2]
    for each in (ids, others):
        assert differences(world, each) == {}
    _at_rest(world, (ids, others))


def _born(world: World, side: str, title: str) -> dict[str, str]:
    """A ticket with every field that crosses; it brings its counterpart to life."""
    of, other = world.of(side), across(side)
    fields = {field.of(side).name: field.of(side).one for field in fields_of(world)}
    before = set(world.desk(other).ids())
    id = world.desk(side).make(JANE, **{of.title: title, **of.needs, **fields})
    world.flow()
    [born] = set(world.desk(other).ids()) - before
    ids = {side: id, other: born}
    assert differences(world, ids) == {}
    assert world.desk(other).see(born).fields[world.of(other).title] == title
    return ids


def _edited_both_ways(world: World, ids: dict[str, str]) -> None:
    for side, who, which in ((LEFT, OMAR, "other"), (RIGHT, LENA, "one")):
        other = across(side)
        edits: dict[str, Any] = {
            field.of(side).name: getattr(field.of(side), which) for field in fields_of(world)
        }
        edits[world.of(side).title] = f"Edited on the {side}"
        edits[world.of(side).status.name] = world.of(side).status.working
        world.pass_time()
        world.desk(side).edit(who, ids[side], **edits)
        world.flow()
        assert differences(world, ids) == {}
        seen = world.desk(other).see(ids[other]).fields
        assert seen[world.of(other).title] == f"Edited on the {side}"
        for field in fields_of(world):
            wanted = as_other(field, side, getattr(field.of(side), which))
            shown = seen[field.of(other).name]
            assert normal(field.kind, shown) == normal(field.kind, wanted), field


def _said_both_ways(world: World, ids: dict[str, str]) -> None:
    for side in SIDES:
        world.pass_time()
        world.desk(side).comment(JANE, ids[side], f"Said on the {side}")
        if "comments.internal" not in world.of(side).lacks:
            inside = f"Kept inside on the {side}"
            world.desk(side).comment(OMAR, ids[side], inside, public=False)
        world.flow()
    for side in SIDES:
        for place in SIDES:
            assert copies(world, place, ids[place], f"Said on the {side}") == 1
        assert copies(world, across(side), ids[across(side)], "Kept inside") == (
            copies(world, across(side), ids[across(side)], f"Kept inside on the {across(side)}")
        )


def _attached_both_ways(world: World, ids: dict[str, str]) -> None:
    for side in SIDES:
        if "files.theirs" in world.of(side).lacks:
            continue
        world.pass_time()
        world.desk(side).attach(JANE, ids[side], f"{side}.txt", f"content of {side}".encode())
        world.next_poll()  # not every system tells of files
        other = across(side)
        files = world.desk(other).see(ids[other]).files
        wanted = f"content of {side}".encode() if files_reach(world, other) else None
        assert files.get(f"{side}.txt") == wanted


def _closed(world: World, ids: dict[str, str]) -> None:
    world.pass_time()
    status = world.of(LEFT).status
    world.desk(LEFT).edit(OMAR, ids[LEFT], **{status.name: status.done})
    world.flow()
    other = world.of(RIGHT).status
    assert world.desk(RIGHT).see(ids[RIGHT]).fields[other.name] == other.done


def _edited_at_once(world: World, ids: dict[str, str]) -> None:
    """Different fields on both sides, before anything crosses; both stay."""
    fields = fields_of(world)
    world.pass_time()
    world.desk(LEFT).edit(OMAR, ids[LEFT], **{world.of(LEFT).title: "At once"})
    if fields:
        sample = fields[0].right
        world.desk(RIGHT).edit(LENA, ids[RIGHT], **{sample.name: sample.other})
    world.flow()
    assert differences(world, ids) == {}
    assert world.desk(RIGHT).see(ids[RIGHT]).fields[world.of(RIGHT).title] == "At once"


def _at_rest(world: World, pairs: tuple[dict[str, str], ...]) -> None:
    """A further reconcile of everything writes nothing, and nothing is there twice."""
    said = {side: [s.text for s in world.desk(side).see(pairs[0][side]).comments] for side in SIDES}
    world.forget()
    for ids in pairs:
        for side in SIDES:
            answer = world.invoke({"tieline": "reconcile", "side": side, "id": ids[side]})
            assert "error" not in answer
    world.settle()
    assert [f"{each.method} {each.path}" for each in world.writes()] == []
    for side in SIDES:
        assert len(said[side]) == len(set(said[side]))
        names = file_names(world, side, pairs[0][side])
        assert len(names) == len(set(names))
