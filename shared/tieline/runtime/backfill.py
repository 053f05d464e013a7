"""Twins for tickets that were there before their link: listed, and put on the queue like changes.

What is born is born by the worker, exactly once, as if the ticket had just changed. How far a side
is listed stands in the table, so that a backfill that was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tieline.connectors.base import Clock, Hint, Page, Want
from tieline.domain.errors import Configuration, Gone, Stale, Transient
from tieline.domain.link import Link, Test
from tieline.domain.pairing import belongs_elsewhere
from tieline.domain.ticket import FieldSpec, Ticket
from tieline.domain.when import meets
from tieline.runtime.enqueue import Enqueuer
from tieline.runtime.listing import Listing
from tieline.runtime.pauses import Paused
from tieline.runtime.sides import Sides
from tieline.runtime.ways_out import Verb
from tieline.state.store import Progress, Store

WORKS = timedelta(seconds=15)
"""One answer takes no longer, so that whoever asks sees it move."""
STOP_WITH = timedelta(seconds=20)
MOST = 500
"""Tickets of one answer."""
SHOWN = 12
"""Options named where none is close to what was asked for."""
REMEMBERED = 2_000
"""Tickets done last: a listing that goes on begins a little before the place where it stopped."""
SOON = timedelta(seconds=5)
EVER = datetime(1990, 1, 1, tzinfo=UTC)
"""Before any ticket of these systems; some of them know no negative moments."""
_NOTHING = {"seen": 0, "known": 0, "found": 0}


@dataclass
class _Work:
    """One side's backfill: how far it is, and what this answer adds."""

    progress: Progress
    side: str
    since: datetime
    where: Mapping[str, Test]
    dry: bool
    left: int
    done: dict[str, None]
    until: datetime
    found: list[str] = field(default_factory=list)  # what this answer found to be born
    seen: int = 0
    known: int = 0  # have a twin already
    at: str = ""

    def mark(self, id: str) -> None:
        self.done[id] = None
        self.seen += 1


class Backfill:
    """Answers in plain JSON values; writes nothing to either system."""

    def __init__(
        self,
        link: Link,
        store: Store,
        enqueuer: Enqueuer,
        sides: Sides,
        clock: Clock,
        remaining: Callable[[], timedelta],
    ) -> None:
        self._link = link
        self._store = store
        self._enqueuer = enqueuer
        self._sides = sides
        self._clock = clock
        self._remaining = remaining
        self._listing = Listing(sides, clock)

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"backfill": self._backfill, "backfill_check": self._check}

    def _check(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Whether a side's backfill can begin, or go on, as it is asked for. Raises Configuration.

        Asked of every side before the first one's tickets are queued.
        """
        return {"side": self._work(event).side}

    def _backfill(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """List a side a little further and put what is found on the queue; say how far it is.

        `dry` reads the tickets instead and queues nothing; then `place` is that of the answer
        before. Raises Configuration, Stale; Paused where nothing was done before.
        """
        work = self._work(event)
        told: dict[str, Any] = {"done": False, "wait": 0.0, "why": ""}
        position = work.progress.position
        try:
            for page in self._listing.pages(work.side, position, work.since):
                if not self._page(work, page):
                    break
                position = page.cursor
                if page.last:
                    told["done"] = True
                    break
                # A place that did not move would begin the same listing again.
                moved = position != work.progress.position
                if self._remaining() < STOP_WITH or (moved and not self._time(work)):
                    break
            else:
                told["done"] = True
        except Transient as failure:
            told["wait"] = (failure.after or SOON).total_seconds()
            told["why"] = failure.what
        except Paused as paused:
            # What was done is kept and told; the next question hears of the pause alone.
            if not work.seen and position == work.progress.position:
                raise
            told["why"] = str(paused)
        place = self._kept(work, position, done=bool(told["done"]))
        return {
            **told,
            "mode": self._link.mode,
            "found": work.found,
            "at": work.at,
            "place": place if work.dry else None,
            "totals": {name: place["facts"][name] for name in _NOTHING},
        }

    # Where it stands

    def _work(self, event: Mapping[str, Any]) -> _Work:
        side, dry = str(event.get("side", "")), bool(event.get("dry"))
        if side not in {birth.source for birth in self._link.create}:
            raise Configuration(f"no `create` of this link begins at {side!r}")
        if self._link.mode == "plan" and not dry:
            raise Configuration("the link's mode is plan: nothing would be born; try it dry")
        where = self._where(side, event.get("where") or ())
        progress = self._begun(side, event, since_of(event), dry=dry)
        return _Work(
            progress=progress,
            side=side,
            since=datetime.fromisoformat(progress.facts["since"]),
            where=where,
            dry=dry,
            left=max(1, min(MOST, int(event.get("most", MOST)))),
            done=dict.fromkeys(progress.facts["done"]),
            until=self._clock() + WORKS,
        )

    def _begun(self, side: str, event: Mapping[str, Any], since: str, *, dry: bool) -> Progress:
        """The work that is under way, or a new one. Raises Configuration for another's."""
        name, asked = f"backfill#{side}", sorted(map(list, event.get("where") or ()))
        facts = {"since": since, "where": asked, "done": [], **_NOTHING}
        new = Progress(name, None, 0, facts)
        if dry:
            place = event.get("place")
            return Progress(name, place["position"], 0, place["facts"]) if place else new
        stored = self._store.progress(name)
        if stored is None:
            return new
        if event.get("restart"):
            return replace(new, revision=stored.revision)
        if stored.facts["where"] != asked or stored.facts["since"] != since:
            raise Configuration(
                f"another backfill of {side} is under way{_told(stored.facts)}: repeat that one,"
                " which goes on, or say --restart"
            )
        return stored

    def _kept(self, work: _Work, position: str | None, *, done: bool) -> dict[str, Any]:
        """Store how far it is; where a dry one is, whoever asks keeps."""
        before = work.progress
        facts = {
            **before.facts,
            "done": list(work.done)[-REMEMBERED:],
            "seen": before.facts["seen"] + work.seen,
            "known": before.facts["known"] + work.known,
            "found": before.facts["found"] + len(work.found),
        }
        progress = replace(before, position=position, facts=facts)
        if not work.dry:
            try:
                if done:
                    self._store.drop_progress(before)
                else:
                    self._store.save_progress(progress)
            except Stale:
                what = f"another command is at work on the backfill of {work.side}: stop one"
                raise Configuration(what) from None
        return {"position": position, "facts": facts}

    def _where(self, side: str, where: Sequence[Sequence[str]]) -> dict[str, Test]:
        """`FIELD=VALUE`s as conditions: of one field any of them, of several all. Raises Config."""
        values: dict[str, list[str]] = {}
        for name, value in where:
            values.setdefault(str(name), []).append(str(value))
        known = self._sides.call(side, lambda c: c.fields(values)) if values else {}
        for name, several in values.items():
            if name not in known:
                raise Configuration(f"{side} has no field {name!r}")
            for value in several:
                _may_be(side, known[name], value)
        return {name: Test(any_of=tuple(several)) for name, several in values.items()}

    # One page

    def _time(self, work: _Work) -> bool:
        enough = self._remaining() > STOP_WITH and self._clock() < work.until
        return work.left > 0 and enough

    def _page(self, work: _Work, page: Page) -> bool:
        """Take a page's tickets; False if some are left for the next answer."""
        hints = {h.id: h for h in page.hints if not h.deleted and h.id not in work.done}
        have = self._store.twin_keys(work.side, hints)
        for id in have:
            work.mark(id)
        work.known += len(have)
        new = [hint for id, hint in hints.items() if id not in have]
        if work.dry or work.where:
            taken = self._read(work, new)
        else:
            taken = new[: work.left]
            self._queue(work, taken)
        if new and not work.at:
            work.at = self._moment(work.side, new[0].id)
        return len(taken) == len(new)

    def _read(self, work: _Work, hints: Sequence[Hint]) -> list[Hint]:
        """Read tickets and queue those that are to be born, as many as there is time for."""
        taken: list[Hint] = []
        matching: list[Hint] = []
        try:
            for hint, ticket in self._tickets(work, hints):
                taken.append(hint)
                if ticket is None or not self._is_born(work, ticket):
                    work.mark(hint.id)
                    continue
                matching.append(hint)
                work.left -= 1
                if work.dry:
                    work.mark(hint.id)
                    work.found.append(ticket.key)
        finally:
            if not work.dry:
                self._queue(work, matching)
        return taken

    def _tickets(self, work: _Work, hints: Sequence[Hint]) -> Iterator[tuple[Hint, Ticket | None]]:
        want = Want(fields=self._link.field_names(work.side) | work.where.keys())
        for hint in hints:
            if not self._time(work):
                return
            try:
                ticket = self._sides.call(work.side, lambda c, i=hint.id: c.read(i, want))  # type: ignore[misc]
            except Gone:
                yield hint, None
            else:
                work.at = ticket.updated.isoformat()
                yield hint, ticket

    def _is_born(self, work: _Work, ticket: Ticket) -> bool:
        """As the worker will decide; one that a link made belongs to that link's twin."""
        owner = self._store.twin(ticket.correlation) if ticket.correlation else None
        if belongs_elsewhere(self._link, owner, work.side, ticket):
            return False
        births = (birth for birth in self._link.create if birth.source == work.side)
        return meets(work.where, ticket) and any(meets(b.when, ticket) for b in births)

    def _queue(self, work: _Work, hints: Sequence[Hint]) -> None:
        if work.dry or not hints:
            return
        self._enqueuer.hints(work.side, hints, "backfill", self._clock())
        if not work.where:
            work.left -= len(hints)
        for hint in hints:
            work.mark(hint.id)
            work.found.append(hint.id)

    def _moment(self, side: str, id: str) -> str:
        """When a ticket was changed last: how far in time the listing has come."""
        try:
            return self._sides.call(side, lambda c: c.read(id, Want())).updated.isoformat()
        except Gone:
            return ""


def _may_be(side: str, spec: FieldSpec, value: str) -> None:
    """Raises Configuration if a field of known options has none that people mean by this."""
    if not value or not spec.options or any(one.means(value) for one in spec.options):
        return
    import difflib  # noqa: PLC0415 - for those alone who slip

    folded = {o.label.casefold(): o.label for o in spec.options}
    close = difflib.get_close_matches(value.casefold(), list(folded), n=1, cutoff=0.5)
    there = ", ".join(o.label for o in spec.options[:SHOWN])
    hint = f"did you mean {folded[close[0]]!r}?" if close else f"there are {there}"
    raise Configuration(f"{spec.name} of {side} is never {value!r}; {hint}")


def since_of(event: Mapping[str, Any]) -> str:
    """The moment that a listing begins at, in ISO 8601 with a zone. Raises Configuration."""
    try:
        since = datetime.fromisoformat(str(event.get("since") or EVER.isoformat()))
    except ValueError:
        raise Configuration("`since` is no moment: write 2026-01-31") from None
    return max(since if since.tzinfo else since.replace(tzinfo=UTC), EVER).isoformat()


def _told(facts: Mapping[str, Any]) -> str:
    """A backfill in the words by which it was asked for."""
    since = "" if facts["since"] == EVER.isoformat() else f" --since {facts['since'][:19]}"
    return since + "".join(f" --where {name}={value}" for name, value in facts["where"])
