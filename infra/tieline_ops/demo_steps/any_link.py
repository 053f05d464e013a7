"""The story of any link, made from its own rules: births, edits, talk, files, a lost webhook.

People act through the desks of the simulated systems; what is expected follows from link.yaml.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from tieline.connectors import connector_class
from tieline.connectors.base import Site
from tieline.domain.link import Birth, FieldRule, Link
from tieline.domain.ticket import FieldSpec, Ticket
from tieline.domain.when import meets
from tieline.state.queue import length_of
from tieline_ops.demo_steps.expected import Expected, counterpart, same_text
from tieline_ops.demo_steps.values import away_and_back, matching, two_values
from tieline_ops.demo_steps.world import DEADLINE_SECONDS, NotAsExpected
from tieline_ops.local.stack import LocalStack, RunningLink
from tieline_ops.sandbox.desk import JANE, OMAR, Desk, Seen, Simulator

_LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Pair:
    """Two tickets that a link keeps the same: side -> id."""

    ids: dict[str, str]
    born_on: str


@dataclass
class Play:
    """One link with its two systems, and what has come about so far."""

    stack: LocalStack
    name: str
    console: Console
    pairs: list[Pair] = field(default_factory=list)
    checks: int = 0
    specs: dict[str, Mapping[str, FieldSpec]] = field(default_factory=dict)

    @property
    def link(self) -> Link:
        return self._running.link

    @property
    def _running(self) -> RunningLink:
        return self.stack.links[self.name]

    def simulator(self, side: str) -> Simulator:
        found: Simulator = self.stack.sandbox.system(self.name, side)
        return found

    def desk(self, side: str) -> Desk:
        return self.simulator(side).desk

    def spec(self, side: str, name: str) -> FieldSpec | None:
        """What the real connector says of a field, asked of the simulated system."""
        if side not in self.specs:
            one = self.link.sides[side]
            made = connector_class(one.system)
            secret = {**self.simulator(side).credentials(), "webhook_secret": "of no use here"}
            connector: Any = made(  # type: ignore[call-arg]
                Site(side, one.url, one.scope), made.secret_model.model_validate(secret)
            )
            self.specs[side] = connector.fields(self.link.field_names(side))
        return self.specs[side].get(name)

    def see(self, pair: Pair, side: str) -> Seen:
        return self.desk(side).see(pair.ids[side])

    def title(self) -> FieldRule:
        """The first rule that pairs two texts; every ticket is told apart by it."""
        return next(rule for rule in self.link.fields if rule.template is None)

    def until(self, what: str, look: Callable[[], bool], seen: Callable[[], object]) -> float:
        """Wait until `look()` holds; gives the seconds. Raises NotAsExpected with `seen()`."""
        started = time.monotonic()
        while not look():
            if time.monotonic() - started > DEADLINE_SECONDS:
                status = self.stack.invoke(self.name, {"tieline": "status"})
                parked = [twin["reason"] for twin in status["parked_twins"]]
                raise NotAsExpected(f"{what}\nseen:   {seen()!r}\nparked: {parked}")
            time.sleep(_LOOK_SECONDS)
        self.checks += 1
        return time.monotonic() - started

    def shares(self, side: str) -> bool:
        """Whether another link of the stack has a side in the same place."""
        url = self.link.sides[side].url
        others = (one.link for name, one in self.stack.links.items() if name != self.name)
        return any(url == s.url for other in others for s in other.sides.values())

    def at_rest(self) -> None:
        """Wait until nothing is on its way: no webhook, no message."""
        simulators = [self.simulator(side) for side in self.link.order]
        self.until("everything comes to rest", lambda: not self._left(simulators), lambda: "")

    def _left(self, simulators: list[Simulator]) -> int:
        waiting = length_of(self.stack.aws.client("sqs"), self._running.queues.url)
        return waiting.whole + sum(each.webhooks.pending for each in simulators)

    def say(self, text: str) -> None:
        self.console.print(f"  [green]ok[/green]  {text}", highlight=False)


def births(play: Play) -> None:
    """Each condition under `create` brings a ticket over, in seconds."""
    for number, birth in enumerate(play.link.create, 1):
        _birth(play, birth, f"Case {number}: the VPN drops")
    _unmatched(play)


def _birth(play: Play, birth: Birth, title: str) -> None:
    side, rule = birth.source, play.title()
    other = play.link.other(side)
    if other not in rule.targets:
        return
    desk, there = play.desk(side), play.desk(other)
    before = set(there.ids())
    id = desk.make(JANE, **{**matching(birth), rule.names[side]: title})

    def born() -> list[str]:
        new = [i for i in there.ids() if i not in before]
        return [i for i in new if there.see(i).fields.get(rule.names[other]) == title]

    seconds = play.until(f"a counterpart of {title!r}", lambda: len(born()) == 1, born)
    pair = Pair({side: id, other: born()[0]}, side)
    play.pairs.append(pair)
    keys = {s: play.see(pair, s).key for s in play.link.order}
    play.say(f"{side} {keys[side]} is {keys[other]} on {other}, after {seconds:.1f} s")


def _unmatched(play: Play) -> None:
    """A ticket that meets no condition stays where it is."""
    for side in play.link.order:
        blank = Ticket("", "", "", "", datetime.now(UTC))
        if any(b.source == side and meets(b.when, blank) for b in play.link.create):
            continue
        if play.shares(side):
            continue  # it may be another link's business
        rule, other = play.title(), play.link.other(side)
        play.desk(side).make(OMAR, **{rule.names[side]: f"Nobody else's business on {side}"})
        play.at_rest()
        titles = [s.fields.get(rule.names[other]) for s in _all(play.desk(other))]
        if f"Nobody else's business on {side}" in titles:
            raise NotAsExpected(f"a ticket of {side} that meets no condition was brought over")
        play.checks += 1
        play.say(f"a ticket of {side} that meets no `when` stays where it is")


def _all(desk: Desk) -> Iterator[Seen]:
    return (desk.see(id) for id in desk.ids())


def edits(play: Play) -> None:
    """Every rule, in each direction that it has."""
    pair = play.pairs[0]
    for rule in play.link.fields:
        for source in play.link.order:
            target = play.link.other(source)
            if rule.template is not None or target not in rule.targets:
                continue
            _edit(play, pair, rule, source)


def _edit(play: Play, pair: Pair, rule: FieldRule, source: str) -> None:
    target = play.link.other(source)
    name, there = rule.names[source], rule.names[target]
    spec = play.spec(source, name)
    now = play.see(pair, source).fields.get(name)
    for value in two_values(rule, play.link, source, spec, now):
        wanted = counterpart(rule, play.link, source, value)
        try:
            play.desk(source).edit(OMAR, pair.ids[source], **{name: value})
        except ValueError:
            return  # people there cannot change it
        seconds = play.until(
            f"{source}.{name} = {value!r} arrives as {target}.{there} = {wanted}",
            lambda w=wanted: w.means(play.see(pair, target).fields.get(there)),  # type: ignore[misc]
            lambda: play.see(pair, target).fields.get(there),
        )
        play.say(f"{source}.{name} is {_short(value)}: {target} has it after {seconds:.1f} s")


def _short(value: object) -> str:
    return str(value).replace("\n", " ")[:40]


def talk(play: Play) -> None:
    """Public comments cross once; internal ones stay."""
    if play.link.comments is None:
        return
    pair = play.pairs[0]
    for target in play.link.comments.targets:
        source = play.link.other(target)
        text = f"Said on {source}"
        play.desk(source).comment(JANE, pair.ids[source], text)
        seconds = play.until(
            f"a comment of {source} on {target}",
            lambda t=target, x=text: _heard(play, pair, t, x) == 1,  # type: ignore[misc]
            lambda t=target: [c.text for c in play.see(pair, t).comments],  # type: ignore[misc]
        )
        play.say(f"a comment of {source} is on {target} after {seconds:.1f} s")
        _internal(play, pair, source)


def _heard(play: Play, pair: Pair, side: str, text: str) -> int:
    return sum(same_text(text, said.text) for said in play.see(pair, side).comments)


def _internal(play: Play, pair: Pair, source: str) -> None:
    assert play.link.comments is not None
    target = play.link.other(source)
    if target in play.link.comments.internal:
        return
    text = f"Not for others than {source}"
    try:
        play.desk(source).comment(JANE, pair.ids[source], text, public=False)
    except ValueError:
        return  # the system has no internal comments
    play.at_rest()
    if _heard(play, pair, target, text):
        raise NotAsExpected(f"an internal comment of {source} crossed")
    play.checks += 1
    play.say(f"an internal comment of {source} stays there")


def files(play: Play) -> None:
    """Files cross, byte for byte."""
    if play.link.attachments is None:
        return
    pair = play.pairs[0]
    for target in play.link.attachments.targets:
        source = play.link.other(target)
        name, content = f"from-{source}.txt", f"made on {source}".encode()
        try:
            play.desk(source).attach(JANE, pair.ids[source], name, content)
        except ValueError:
            continue  # the system takes files only in its texts
        play.at_rest()

        def there(side: str = target, name: str = name, content: bytes = content) -> bool:
            return play.see(pair, side).files.get(name) == content

        if not there():
            play.stack.tick(play.name)  # not every system tells of files
        seconds = play.until(
            f"{name} on {target}",
            there,
            lambda t=target: sorted(play.see(pair, t).files),  # type: ignore[misc]
        )
        play.say(f"{name} is on {target} after {seconds:.1f} s")


def a_lost_webhook(play: Play) -> None:
    """What no webhook tells, the next poll finds."""
    pair, rule = play.pairs[0], play.title()
    source = next(s for s in play.link.order if play.link.other(s) in rule.targets)
    target = play.link.other(source)
    play.at_rest()
    for side in play.link.order:
        play.simulator(side).webhooks.drop_next()
    play.desk(source).edit(OMAR, pair.ids[source], **{rule.names[source]: "Nobody was told"})
    play.at_rest()

    def arrived() -> bool:
        return play.see(pair, target).fields.get(rule.names[target]) == "Nobody was told"

    def asked() -> bool:
        play.stack.tick(play.name)
        return arrived()

    play.until("the poll finds what no webhook told", asked, lambda: play.see(pair, target).fields)
    for side in play.link.order:
        play.simulator(side).webhooks.clear()
    play.say("a dropped webhook: the next poll brought the edit")


def a_ticket_leaves(play: Play) -> None:
    """Where `on_leave` says so: a note, then each goes its own way, until it is back."""
    pair, rule = play.pairs[0], play.title()
    source, other = pair.born_on, play.link.other(pair.born_on)
    birth = next(b for b in play.link.create if b.source == source)
    found = away_and_back(birth, lambda name: play.spec(source, name))
    if play.link.on_leave != "unlink" or found is None:
        return
    name, away, back = found
    notes = _notes(play, pair, other)
    play.desk(source).edit(OMAR, pair.ids[source], **{name: away})
    play.until(
        f"a note on {other} once {source}.{name} is {away}",
        lambda: _notes(play, pair, other) > notes,
        lambda: [said.text for said in play.see(pair, other).comments],
    )
    play.desk(source).edit(OMAR, pair.ids[source], **{rule.names[source]: "On its own"})
    play.at_rest()
    if play.see(pair, other).fields.get(rule.names[other]) == "On its own":
        raise NotAsExpected(f"a ticket that left was still written to {other}")
    play.desk(source).edit(OMAR, pair.ids[source], **{name: back})
    play.until(
        f"{source}.{name} is {back}: the two are joined again",
        lambda: play.see(pair, other).fields.get(rule.names[other]) == "On its own",
        lambda: play.see(pair, other).fields,
    )
    play.say(f"{source}.{name} is {away}: the two part with a note; {back}: they are joined again")


def _notes(play: Play, pair: Pair, side: str) -> int:
    return sum("no longer kept the same" in said.text for said in play.see(pair, side).comments)


def differences(play: Play, pair: Pair) -> list[str]:
    """What two tickets do not agree in, rule by rule."""
    seen = {side: play.see(pair, side) for side in play.link.order}
    found: list[str] = []
    for rule in play.link.fields:
        if rule.template is not None:
            continue
        for target in rule.targets:
            source = play.link.other(target)
            value = seen[source].fields.get(rule.names[source])
            wanted: Expected = counterpart(rule, play.link, source, value)
            if len(rule.targets) == 1 and (not wanted.known or pair.born_on == target):
                continue  # what was there first stays until the other side changes
            if not wanted.means(seen[target].fields.get(rule.names[target])):
                found.append(f"{target}.{rule.names[target]}")
                break
    return found


STEPS = (
    ("Tickets appear on the other side", births),
    ("People edit, on either side", edits),
    ("People talk", talk),
    ("", files),
    ("", a_ticket_leaves),
    ("Things go wrong", a_lost_webhook),
)
