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
    born_with,
    copies,
    differences,
    fields_of,
    file_names,
    files_reach,
    normal,
)
from conformance.pairs.link_text import LEFT, RIGHT, link_text
from conformance.pairs.nearest import as_there, crossings, nearest_text
from conformance.pairs.world import SIDES, World
from conformance.system import SystemUnderTest, discovered

from tieline.domain.ticket import Kind
from tieline_ops.sandbox.desk import JANE, LENA, OMAR

PAIRS = tuple(combinations_with_replacement(discovered().values(), 2))


@pytest.fixture
def world(
    request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> Iterator[World]:
    started = time.perf_counter()
    text = getattr(request.function, "text", link_text)
    made = World(*request.param, text)
    yield made
    made.close()
    record_property("pair", time.perf_counter() - started)


def named(pair: tuple[SystemUnderTest, SystemUnderTest]) -> str:
    return f"{pair[0].system}-{pair[1].system}"


PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)

every_pair = pytest.mark.parametrize("world", PAIRS, ids=map(named, PAIRS), indirect=True)


@every_pair
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


@every_pair
def test_a_creation_whose_answer_was_lost_makes_no_second_ticket(world: World) -> None:
    for side in SIDES:
        other = across(side)
        method, path = world.call_that_creates(other)
        world.pass_time()
        before = set(world.desk(other).ids())
        simulator = world.simulators[other]
        simulator.faults.index_lag = world.wiring.sides.connector(other).find_lag
        simulator.faults.lost_answer(method, path)
        of = world.of(side)
        id = world.desk(side).make(JANE, **{of.title: f"Lost from the {side}", **of.needs})
        world.settle()
        [born] = set(world.desk(other).ids()) - before
        assert differences(world, {side: id, other: born}) == {}
        assert (world.status()["parked"], world.queue.dead) == (0, [])


@every_pair
def test_without_any_webhook_the_schedule_brings_everything(world: World) -> None:
    for simulator in world.simulators.values():
        simulator.webhooks.drop_next(10_000)
    ids: dict[str, str] = {}
    for side in SIDES:
        of, other = world.of(side), across(side)
        before = set(world.desk(other).ids())
        id = world.desk(side).make(JANE, **{of.title: f"Born on the {side}", **of.needs})
        world.settle()
        [born] = set(world.desk(other).ids()) - before
        ids = {side: id, other: born}
        world.desk(other).edit(LENA, born, **{world.of(other).title: f"Edited on the {other}"})
        world.desk(side).comment(OMAR, id, f"Said on the {side}")
        world.settle()
        assert differences(world, ids) == {}
        assert world.desk(side).see(id).fields[of.title] == f"Edited on the {other}"
        assert copies(world, other, born, f"Said on the {side}") == 1
    assert [len(world.desk(side).ids()) for side in SIDES] == [2, 2]


@every_pair
def test_new_credentials_in_the_secret_are_taken_up(world: World) -> None:
    ids = _born(world, LEFT, "Born on the left")
    for side in SIDES:
        world.rotate(side)
        world.pass_time()
        for place in SIDES:
            title = f"Edited on the {place} after {side}"
            world.desk(place).edit(OMAR, ids[place], **{world.of(place).title: title})
            world.flow()
            assert differences(world, ids) == {}
            assert world.desk(LEFT).see(ids[LEFT]).fields[world.left.title] == title


@every_pair
def test_edits_and_deletions_of_comments_and_files_cross(world: World) -> None:
    ids = _born(world, LEFT, "Born on the left")
    for side in SIDES:
        of, desk, id = world.of(side), world.desk(side), ids[side]
        other, there = across(side), ids[across(side)]
        edits = "comments.edit" not in of.lacks
        deletes = "comments.delete" not in of.lacks
        files = not {"files.theirs", "files.delete"} & of.lacks.keys()
        text, kept = f"First words, {side}", f"Stays, {side}"
        said, _ = desk.comment(JANE, id, text), desk.comment(JANE, id, kept)
        if files:
            file = desk.attach(JANE, id, f"{side}.txt", b"1")
        world.next_poll()
        assert copies(world, other, there, text) == copies(world, other, there, kept) == 1
        world.pass_time()
        if edits:
            desk.edit_comment(JANE, id, said, f"Better words, {side}")
        world.next_poll()
        assert copies(world, other, there, f"Better words, {side}") == (1 if edits else 0)
        takes_back = world.wiring.sides.connector(other).edits_comments
        if deletes:
            desk.delete_comment(JANE, id, said)
        if files:
            desk.delete_attachment(JANE, id, file)
        world.pass_time()
        # Not every system tells of a file that went away: then the next change does.
        desk.edit(OMAR, id, **{of.title: f"Edited last on the {side}"})
        world.settle()
        if deletes and takes_back:
            assert copies(world, other, there, "words") == 0
        assert copies(world, other, there, kept) == 1
        if files and "files.delete" not in world.of(other).lacks:
            assert f"{side}.txt" not in world.desk(other).see(there).files
    _at_rest(world, (ids,))


@every_pair
def test_a_picture_in_a_text_stays_a_picture_where_both_have_them(world: World) -> None:
    without = [side for side in SIDES if "files.inline" in world.of(side).lacks]
    rich = [field for field in fields_of(world) if field.kind is Kind.RICH]
    if without:
        pytest.skip(f"{' and '.join(world.of(s).system for s in without)}: no pictures in texts")
    ids = _born(world, LEFT, "Born on the left")
    for side in SIDES:
        world.pass_time()
        name, other = f"{side}.png", across(side)
        world.desk(side).attach(JANE, ids[side], name, PNG, "image/png")
        world.next_poll()
        text = f"See:\n\n![the screen](attachment:{name})"
        if rich:
            world.desk(side).edit(JANE, ids[side], **{rich[0].of(side).name: text})
        else:
            world.desk(side).comment(JANE, ids[side], text)
        world.settle()
        seen = world.desk(other).see(ids[other])
        shown = seen.fields[rich[0].of(other).name] if rich else seen.comments[-1].text
        assert f"](attachment:{name})" in shown
        assert list(seen.files).count(name) == 1
    _at_rest(world, (ids,))


@every_pair
def test_a_kind_that_one_side_lacks_crosses_as_its_nearest(world: World) -> None:
    found = crossings(world.left, world.right)
    if not found:
        pytest.skip("both have the same kinds of field, or none that could hold another")
    for side in SIDES:
        of, mine = world.of(side), [each for each in found if each.source == side]
        before = set(world.desk(across(side)).ids())
        fields = {each.here.name: each.here.one for each in mine}
        id = world.desk(side).make(JANE, **{of.title: f"On the {side}", **of.needs, **fields})
        world.flow()
        [born] = set(world.desk(across(side)).ids()) - before
        for which in ("one", "other", "one"):
            values = {each.here.name: getattr(each.here, which) for each in mine}
            world.pass_time()
            world.desk(side).edit(OMAR, id, **values)
            world.flow()
            shown = world.desk(across(side)).see(born).fields
            for each in mine:
                wanted = as_there(each, values[each.here.name])
                seen = normal(each.there.kind, shown[each.there.name])
                assert seen == normal(each.there.kind, wanted), each
    world.settle()
    assert world.status()["parked"] == 0


test_a_kind_that_one_side_lacks_crosses_as_its_nearest.text = nearest_text  # type: ignore[attr-defined]


def _born(world: World, side: str, title: str) -> dict[str, str]:
    """A ticket with every field that crosses; it brings its counterpart to life."""
    of, other = world.of(side), across(side)
    fields = {field.of(side).name: field.of(side).one for field in born_with(world)}
    before = set(world.desk(other).ids())
    id = world.desk(side).make(JANE, **{of.title: title, **of.needs, **fields})
    world.flow()
    [born] = set(world.desk(other).ids()) - before
    ids = {side: id, other: born}
    assert differences(world, ids, born_with(world)) == {}
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
