"""A field is edited twenty times in three seconds, while the other side edits it too.

python -m simulation.rapid_edits [--page]    --page: the table goes to the docs

The edits fall between any two calls of the reconciles that they cause. What becomes of each side's
last edit is told from what each side held when, and from what the table says was given up.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from random import Random

from simulation.model.page import write_summary
from simulation.rapid_fields import FIELDS, Field, checklist
from support.world import World, losses, real_link, world

from tieline.domain.link import FieldRule

EDITS, SPAN = 20, timedelta(seconds=3)
CALL = timedelta(milliseconds=60)
"""What a call takes beside the world's own moment: a reconcile of a second within the burst."""
WEBHOOKS = ("prompt", "late", "doubled", "reordered", "dropped")
OTHERS = (0, 1, EDITS)
RECONCILES = EDITS // 2
"""So many reconciles at most read a system: each takes in all that was edited before it."""
FATES = ("kept", "given up", "replaced", "set back", "unseen")
"""What became of the last edit of each side that was edited: it stands; the conflict policy gave it
up, and recorded it; a person across replaced it, who had it before them; it set back what both
sides agreed on before, which is no change; or a write of ours fell on it unseen."""
TAGS = FieldRule({"eng": "labels", "it": "u_vendor"}, ("eng", "it"), "link.yaml:99:1")


@dataclass
class Burst:
    """Edits that wait for their moments; `act` makes those whose moment has come.

    In order: `edited` is what each edit set on which side, `replaced` what stood there before;
    `fell_on` is what writes of ours replaced that had not been read; `written` is what they wrote,
    on which both sides agreed then.
    """

    w: World
    shown: Callable[[], dict[str, object]]
    plan: list[tuple[datetime, str, Callable[[], None]]]
    edited: list[tuple[int, str, object]] = field(default_factory=list)
    replaced: list[tuple[int, str, object]] = field(default_factory=list)
    fell_on: list[tuple[int, str, object]] = field(default_factory=list)
    written: list[tuple[int, str, object]] = field(default_factory=list)
    read: dict[str, object] = field(default_factory=dict)
    agreed: dict[str, object] = field(default_factory=dict)
    _before: object = None
    _count: int = 0

    def __post_init__(self) -> None:
        self.agreed = self.shown()

    def act(self) -> None:
        while self.plan and self.plan[0][0] <= self.w.clock():
            _, side, edit = self.plan.pop(0)
            self._keep(self.replaced, side, self.shown()[side])
            edit()
            self._keep(self.edited, side, self.shown()[side])

    def called(self, name: str) -> None:
        """A call of the process is about to be answered, or was."""
        call = re.match(r"(before|after) (jira|servicenow) (\w+) .*(?:issue|incident)/\w+", name)
        if call is None:
            return
        side = "eng" if call[2] == "jira" else "it"
        now = self.shown()[side]
        if call[1] == "before":
            self._before = now
            return
        wrote = call[3] != "GET" and now != self._before
        if wrote and self._before != self.read.get(side, self._before):
            self._keep(self.fell_on, side, self._before)
        if wrote:
            self._keep(self.written, side, now)
        self.read[side] = now

    def _keep(self, those: list[tuple[int, str, object]], side: str, value: object) -> None:
        self._count += 1
        those.append((self._count, side, value))

    def fate(self, side: str, lost: list[object]) -> str:
        """What became of a side's last edit; "" if nothing accounts for it."""
        number, _, last = [each for each in self.edited if each[1] == side][-1]
        if _holds(self.shown()[side], last):
            return "kept"
        if any(_holds(value, last) for value in lost):
            return "given up"
        if any(w > number and s != side and _holds(value, last) for w, s, value in self.replaced):
            return "replaced"
        agreed = [self.agreed[side], *(v for w, _, v in self.written if w < number)]
        if last in (agreed[0], agreed[-1]):
            return "set back"
        fell = [value for w, s, value in self.fell_on if w > number and s == side]
        return "unseen" if any(_holds(value, last) for value in fell) else ""


def _holds(value: object, part: object) -> bool:
    if isinstance(value, set) and isinstance(part, set):
        return part <= value
    return value == part


@contextmanager
def between_calls(burst: Burst) -> Iterator[None]:
    """The burst's edits happen at any point at which the process waits for a call."""
    w = burst.w
    pass_point = type(w.calls).pass_point

    def watched(name: str) -> None:
        w.clock.advance(CALL / 2)
        pass_point(w.calls, name)
        if name.startswith("after"):
            burst.called(name)
        burst.act()
        if name.startswith("before"):
            burst.called(name)

    vars(w.calls)["pass_point"] = watched
    try:
        yield
    finally:
        del vars(w.calls)["pass_point"]


def disturb(w: World, how: str, count: int) -> None:
    """What becomes of the next `count` webhooks of each system."""
    for sent in (w.jira.webhooks, w.snow.webhooks):
        if how == "late":
            sent.delay_next(timedelta(seconds=20), count)
        elif how == "doubled":
            sent.duplicate_next(count)
        elif how == "reordered":
            sent.reorder_next(count)
        elif how == "dropped":
            sent.drop_next(count)


def calm(w: World) -> None:
    for sent in (w.jira.webhooks, w.snow.webhooks):
        sent.delay_next(timedelta(0), 0)
        sent.duplicate_next(0)
        sent.reorder_next(0)
        sent.drop_next(0)


def counted(w: World) -> Counter[str]:
    """Deliveries and calls since the last count, by what they are for."""
    tally = w.calls.tally()

    def calls(start: str, *ends: str) -> int:
        return sum(n for name, n in tally.items() if name.startswith(start) and name.endswith(ends))

    found = Counter(
        deliveries=len(w.jira.webhooks.attempts) + len(w.snow.webhooks.attempts),
        reconciles=sum(n for name, n in tally.items() if re.match(r".*GET .*/incident/\w+$", name)),
        to_eng=calls("jira PUT", "") + calls("jira POST", "/transitions"),
        to_it=calls("servicenow PATCH", ""),
        table_reads=calls("dynamodb GetItem", "") + calls("dynamodb Query", ""),
        table_writes=calls("dynamodb Put", "") + calls("dynamodb Transact", ""),
    )
    w.count_anew()
    for sent in (w.jira.webhooks, w.snow.webhooks):
        sent.attempts.clear()
    return found


def run(
    w: World, of: Field, first: str, others: int, webhooks: str, random: Random
) -> Counter[str]:
    """One burst on a new pair, to rest, within its bounds; gives what it cost, and the fates."""
    number = w.incident("burst", description=checklist("eng", 0), u_vendor="", state="2")
    w.settle(ticks=1)
    key = w.jira.issue_keys()[-1]
    counted(w)
    start, second = w.clock(), "it" if first == "eng" else "eng"
    plan = []
    for side, most in ((first, EDITS), (second, others)):
        edit, ticket = (of.eng, key) if side == "eng" else (of.it, number)
        for n, share in enumerate(sorted(random.random() for _ in range(most)), 1):
            plan.append((start + share * SPAN, side, partial(edit, w, ticket, n)))

    def shown() -> dict[str, object]:
        return dict(zip(("eng", "it"), of.shown(w, key, number), strict=True))

    burst = Burst(w, shown, sorted(plan, key=lambda each: each[0]))
    disturb(w, webhooks, 10 * EDITS)
    with between_calls(burst):
        while burst.plan:
            if w.clock() < burst.plan[0][0]:
                w.clock.advance(burst.plan[0][0] - w.clock())
            burst.act()
            w.flow()
        calm(w)
        w.settle(ticks=1)
    found = counted(w)
    found["edits"] = len(burst.edited)
    where = f"{of.name}, {first} first, {others} others, {webhooks}: {found}"
    now = shown()
    assert now["eng"] == now["it"], where
    assert not w.wiring.store.counts().parked, where
    edits = {first: EDITS, second: others}
    assert found["to_it"] <= min(edits["eng"], found["reconciles"]), where
    moves = 2 if of.name == "status" else 1  # there is a step between some
    assert found["to_eng"] <= moves * min(edits["it"], found["reconciles"]), where
    assert found["reconciles"] <= RECONCILES, where
    given_up = losses(w, key)
    for side in (side for side, most in edits.items() if most):
        last = [value for _, s, value in burst.edited if s == side][-1]
        assert last == of.meaning(side, edits[side]), where
        fate = burst.fate(side, [of.lost(s, text) for s, _, text in given_up if s == side])
        assert fate, f"{where}: the last edit on {side} is gone; {now}, {given_up}"
        found[fate] += 1
    return found


def rows(of: Field) -> Iterator[tuple[int, str, Counter[str]]]:
    """Edits across, what becomes of webhooks, and what a burst costs: for each combination."""
    random, link = Random(7), real_link()
    with world(replace(link, fields=(*link.fields, TAGS))) as w:
        for number, (others, webhooks) in enumerate(product(OTHERS, WEBHOOKS)):
            first = ("eng", "it")[number % 2]
            yield others, webhooks, run(w, of, first, others, webhooks, random)


def table(of: Field) -> str:
    """A field's bursts in Markdown."""
    names = {"deliveries": "deliveries", "reconciles": "reconciles"}
    names |= {"to_it": "writes to ServiceNow", "to_eng": "writes to Jira", **{f: f for f in FATES}}
    heads = ("edits across", "webhooks", *names.values())
    lines = [f"| {' | '.join(heads)} |", f"|---:|---|{'---:|' * len(names)}"]
    for others, webhooks, found in rows(of):
        cells = (others, webhooks, *(found[name] for name in names))
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> int:
    """Runs all fields, or the checklist alone for the page."""
    page = "--page" in sys.argv
    for of in FIELDS[:1] if page else FIELDS:
        title = f"`make rapid`: {of.name}, {EDITS} edits of one side within {SPAN.seconds} s."
        text = f"{title}\n\n{table(of)}"
        print(text)
        if page:
            write_summary(text, "rapid")
    return 0


if __name__ == "__main__":
    sys.exit(main())
