"""The facts of a profile as a real connector and its simulated system show them.

Each observer works on a bench of the conformance suite and gives the fact in the profile's own
form. Raises NotSeen, with the reason, where a system has nothing to show it on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from conformance.bench import ASKING, Bench, Delivery
from simulation.model.profile import Profile

from tieline.connectors.base import Hint
from tieline.domain.errors import Refused, Stale, Transient
from tieline.domain.ticket import Kind
from tieline_ops.sandbox.desk import JANE, OMAR

MS, SECOND, MINUTE = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)
LAGS = (*(n * SECOND for n in (0, 1, 5, 10, 30)), *(n * MINUTE for n in (1, 2, 3, 5, 10, 15, 30)))
LONG = ("printer " * 120).strip()
OFTEN = 50
A_DAY = timedelta(days=1)
CORRELATION = "c0ffee"
OWN = {
    "name": "what the model calls it",
    "source": "where the facts are from",
    "page": "how many rows a page of a list has is the model's own, so that lists have pages",
}
"""Fields of a profile that are no facts about a system: why."""
Observer = Callable[[Bench], Any]


class NotSeen(Exception):
    """A system has nothing to show this fact on: why."""


def grain(bench: Bench) -> timedelta | None:
    """The shortest time between two changes that have two versions; None for a counter."""
    id = bench.made()
    for step in (MS, SECOND, MINUTE):
        bench.clock.advance(MINUTE - (bench.clock.now() - _midnight(bench)) % MINUTE)
        _retitle(bench, id)
        before = _version(bench, id)
        bench.clock.advance(step)
        _retitle(bench, id)
        after = _version(bench, id)
        if before != after:
            counter = bench.connector.moment(after) is None
            declared = None if counter or step == MS else step
            assert bench.connector.version_grain == declared
            return None if counter else step
    raise AssertionError("two changes a minute apart have one version")


def index_lag(bench: Bench) -> tuple[timedelta, timedelta]:
    """How late `find` may be by the connector's word, and how late a list may be by its deeds."""
    covered = timedelta(0)
    for lag in LAGS:
        if not _is_listed_late(bench, lag):
            break
        covered = lag
    return bench.connector.find_lag, covered


def _is_listed_late(bench: Bench, lag: timedelta) -> bool:
    """Whether an edit is listed that lists show so late, behind one that they show at once."""
    faults = bench.simulator.faults
    late, early = bench.made(), bench.made()
    bench.pass_time(600)
    cursor = bench.caught_up()
    faults.index_lag = lag
    _retitle(bench, late)
    changed = _version(bench, late)
    bench.clock.advance(lag * 0.9)
    faults.index_lag = timedelta(0)  # of what is written now, or of every list, as a system has it
    _retitle(bench, early)
    faults.index_lag = lag
    _, cursor = bench.listed(cursor)
    bench.clock.advance(lag * 0.1)
    found: list[Hint] = []
    for _ in range(4):
        hints, cursor = bench.listed(cursor)
        found += [hint for hint in hints if hint.id == late]
        bench.clock.advance(5 * MINUTE)
    return any(h.version is None or bench.connector.holds(h.version, changed) for h in found)


def spelling(bench: Bench) -> str:
    """What goes over the wire for a bold word; "plain" only if it does not come back bold."""
    samples = bench.of.samples(Kind.RICH)
    if not samples:
        raise NotSeen("the description of the system has no rich text")
    name, bold = samples[0].name, "It **burns**."
    bench.simulator.traffic.clear()
    made = bench.created(**{name: bold})
    sent = b" ".join(call.body for call in bench.writes()).decode()
    if bold not in str(bench.connect().read(made.id, bench.want(name)).fields[name]):
        return "plain"
    signs = {"adf": '"strong"', "html": "strong", "markdown": "**burns**"}
    return next(word for word, sign in signs.items() if sign in sent)


def precondition(bench: Bench) -> str:
    """Whether a write is refused that somebody else's just outran, and also within one moment."""
    id, want = bench.made(), bench.want(bench.of.title)
    bench.pass_time()
    _retitle(bench, id)
    for word, wait in (("version", 0), ("time", 61)):
        ticket = bench.connector.read(id, want)
        _outrun(bench, id, wait)
        try:
            bench.connector.update(ticket, bench.values({bench.of.title: "Ours"}), want)
        except Stale:
            return word
    return "none"


def comment_correlation(bench: Bench) -> bool:
    id = bench.made()
    bench.connector.add_comment(id, "Ours", True, "c1")
    (comment,) = bench.connect().read(id, bench.want(comments=True)).comments or ()
    return comment.correlation == "c1"


def edits_comments(bench: Bench) -> bool:
    """Whether the connector can; people can then, too."""
    id = bench.made()
    comment = bench.desk.comment(JANE, id, "Before")
    try:
        bench.desk.edit_comment(JANE, id, comment, "After")
    except ValueError:
        assert not bench.connector.edits_comments
    return bench.connector.edits_comments


def comments_touch(bench: Bench) -> bool:
    id = bench.made()
    return _touches(bench, id, lambda: bench.desk.comment(JANE, id, "Hello"))


def files_touch(bench: Bench) -> bool:
    id = bench.made()
    return _touches(bench, id, _possible(lambda: bench.desk.attach(JANE, id, "log.txt", b"1")))


def tells_file_deleted(bench: Bench) -> bool:
    id = bench.made()
    file = bench.desk.attach(JANE, id, "log.txt", b"1")
    bench.pass_time(600)
    cursor, known = bench.caught_up(), _version(bench, id)
    bench.pass_time()
    told = _told(bench, _possible(lambda: bench.desk.delete_attachment(JANE, id, file)))
    bench.pass_time(600)
    listed, _ = bench.listed(cursor)
    mine = [hint.version for hint in (*told, *listed) if hint.id == id]
    return any(each is None or not bench.connector.holds(known, each) for each in mine)


def webhook_names_version(bench: Bench) -> bool:
    id = bench.made()
    hints = _told(bench, lambda: _retitle(bench, id))
    return hints != [] and all(hint.version is not None for hint in hints)


def webhook_names_correlation(bench: Bench) -> bool:
    id = bench.created(CORRELATION).id
    hints = _told(bench, lambda: _retitle(bench, id))
    return hints != [] and all(hint.correlation == CORRELATION for hint in hints)


def webhook_for_files(bench: Bench) -> bool:
    id = bench.made()
    hints = _told(bench, lambda: bench.desk.attach(JANE, id, "log.txt", b"1"))
    return id in {hint.id for hint in hints}


def webhook_retries(bench: Bench) -> tuple[timedelta, ...]:
    """The waits before each further attempt, while the receiver answers 503."""
    return _retries(bench, 503)


def retries_crashes(bench: Bench) -> bool:
    if not webhook_retries(bench):
        raise NotSeen("webhooks are not repeated")
    return _retries(bench, 500) != ()


def lists_deleted(bench: Bench) -> bool:
    id = bench.made()
    bench.pass_time()
    cursor = bench.caught_up()
    bench.pass_time()
    _possible(lambda: bench.desk.delete(JANE, id))()
    bench.pass_time(600)
    hints, _ = bench.listed(cursor)
    return any(hint.deleted for hint in hints if hint.id == id)


def copies_correlation(bench: Bench) -> bool:
    copy = _copied(bench)
    return bench.connect().read(copy(), bench.want()).correlation == CORRELATION


def copies_named(bench: Bench) -> bool:
    hints = _told(bench, _copied(bench))
    return any(hint.correlation == CORRELATION for hint in hints)


def tells_maker(bench: Bench) -> bool:
    ours, theirs = bench.created(CORRELATION).id, bench.made()
    found = [bench.connect().read(id, bench.want()).made_by_us for id in (ours, theirs)]
    assert found in ([True, False], [None, None])
    return found[0] is not None


def trims_titles(bench: Bench) -> int:
    """How many characters of a longer title are there."""
    id, name = bench.made(), bench.of.title
    ticket = bench.connector.read(id, bench.want(name))
    try:
        bench.connector.update(ticket, {name: LONG}, bench.want(name))
    except Refused as refused:
        raise NotSeen(f"a longer title is refused: {refused.what}") from refused
    return len(str(bench.connect().read(id, bench.want(name)).fields[name]))


def tags_are_slugs(bench: Bench) -> bool:
    return "Two Words" not in _tagged(bench, "Two Words") and all(
        " " not in tag for tag in _tagged(bench, "Two Words")
    )


def lower_tags(bench: Bench) -> bool:
    return _tagged(bench, "Urgent") == {"urgent"}


def retry_after(bench: Bench) -> bool:
    """Whether a limit that names a time is known by the connector to last so long."""
    id = bench.made()
    bench.connector.read(id, bench.want())
    bench.simulator.limit_rate(5 * MINUTE, OFTEN)
    try:
        bench.connector.read(id, bench.want())
    except Transient as limited:
        return limited.after is not None and limited.after > 4 * MINUTE
    raise AssertionError("a limit that lasts has no effect")


OBSERVERS: dict[str, Observer] = {
    observer.__name__: observer
    for observer in (
        grain,
        index_lag,
        spelling,
        precondition,
        comment_correlation,
        edits_comments,
        comments_touch,
        files_touch,
        tells_file_deleted,
        webhook_names_version,
        webhook_names_correlation,
        webhook_for_files,
        webhook_retries,
        retries_crashes,
        lists_deleted,
        copies_correlation,
        copies_named,
        tells_maker,
        trims_titles,
        tags_are_slugs,
        lower_tags,
        retry_after,
    )
}


def agrees(fact: str, profile: Profile, seen: Any) -> bool:
    """Whether a profile says what was seen.

    A list may be later in the model than `find` ever is, and no later than the connector copes
    with: else the simulation would prove what the connector does not do. A limit of titles beyond
    what is tried shows as none. Waits that grow are even ones in a simulated system.
    """
    said = getattr(profile, fact)
    if fact == "index_lag":
        find_lag, covered = seen
        return bool(find_lag <= said <= covered)
    if fact == "trims_titles":
        return bool(min(said, len(LONG)) == seen)
    if fact == "webhook_retries":
        drift = abs(sum(said, timedelta()) - sum(seen, timedelta()))
        return len(said) == len(seen) and drift <= MINUTE / 30
    return bool(said == seen)


def unknown() -> set[str]:
    """Fields of a profile that nobody observes, and that are said to be none of a system's."""
    return {each.name for each in fields(Profile)} ^ {*OBSERVERS, *OWN}


# ---- acts


def _possible(act: Callable[[], object]) -> Callable[[], object]:
    """An act of people that a system may not have."""

    def tried() -> object:
        try:
            return act()
        except ValueError as no:
            raise NotSeen(f"people cannot do it there: {no}") from no

    return tried


def _midnight(bench: Bench) -> datetime:
    return bench.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _retitle(bench: Bench, id: str) -> None:
    """Omar gives the ticket another title."""
    before = bench.desk.see(id).fields[bench.of.title]
    bench.desk.edit(OMAR, id, **{bench.of.title: f"{before[:40]} again"})


def _outrun(bench: Bench, id: str, wait: float) -> None:
    """Just before the next write arrives, somebody else's does, `wait` seconds from now."""
    app = bench.simulator.app
    quick = app.wsgi_app

    def outrun(environ: dict[str, Any], start_response: Any) -> Any:
        asks = any(word in environ["PATH_INFO"] for word in ASKING)
        if environ["REQUEST_METHOD"] != "GET" and not asks:
            app.wsgi_app = quick  # type: ignore[method-assign]
            bench.pass_time(wait)
            _retitle(bench, id)
        return quick(environ, start_response)

    app.wsgi_app = outrun  # type: ignore[method-assign]


def _version(bench: Bench, id: str) -> str:
    return bench.connect().read(id, bench.want()).version


def _touches(bench: Bench, id: str, act: Callable[[], object]) -> bool:
    """Whether an act, a while after everything else, gives a ticket another version."""
    before = _version(bench, id)
    bench.pass_time()
    act()
    return _version(bench, id) != before


def _copied(bench: Bench) -> Callable[[], str]:
    """What makes a person's copy of a ticket of ours, and gives its id."""
    copy = bench.of.copy
    if copy is None:
        raise NotSeen("people have no way to copy a ticket there")
    id = bench.created(CORRELATION).id
    return lambda: copy(bench.simulator, id)


def _retries(bench: Bench, status: int) -> tuple[timedelta, ...]:
    """The waits between the attempts of one delivery that is always answered so."""
    id, came = bench.made(), list[tuple[bytes, datetime]]()
    bench.pass_time()

    def unwell(_: Mapping[str, str], body: bytes) -> int:
        came.append((body, bench.clock.now()))
        return status

    bench.simulator.watch(unwell, bench.of.webhook_secret, bench.of.scope)
    _retitle(bench, id)
    bench.simulator.webhooks.flush()
    mine = came[0][0]
    end = bench.clock.now() + A_DAY
    while bench.simulator.webhooks.pending and bench.clock.now() < end:
        bench.clock.advance(SECOND)
        bench.simulator.webhooks.flush()
    moments = [at for body, at in came if body == mine]
    return tuple(later - at for at, later in pairwise(moments))


def _told(bench: Bench, act: Callable[[], object]) -> list[Hint]:
    """What webhooks say of an act, a minute after everything else."""
    bench.watch()
    bench.pass_time()
    bench.deliveries()
    act()
    deliveries: list[Delivery] = bench.deliveries()
    return [hint for each in deliveries for hint in bench.read(each)]


def _tagged(bench: Bench, tag: str) -> set[str]:
    """What becomes of a tag that the connector writes."""
    samples = bench.of.samples(Kind.TAGS)
    if not samples:
        lack = bench.lacking("fields.tags")
        raise NotSeen(lack.why if lack else "the description of the system has no tags")
    id, name = bench.made(), samples[0].name
    ticket = bench.connector.read(id, bench.want(name))
    bench.connector.update(ticket, {name: frozenset({tag})}, bench.want(name))
    found = bench.connect().read(id, bench.want(name)).fields[name]
    return {str(each) for each in found or ()}  # type: ignore[union-attr]
