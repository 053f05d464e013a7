"""How many calls the usual work costs, once a process knows the system."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from conformance.behaviours import CALLS
from conformance.bench import Bench

from tieline.domain.ticket import Kind
from tieline_ops.sandbox.desk import JANE

MOST = {"read": 3, "update": 2, "create": 2, "comment": 2, "file": 2, "changes": 4}
"""Above this something is asked again and again that could be known."""


@pytest.mark.parametrize("of", CALLS)
def test_the_usual_work_costs_few_calls(
    bench: Bench, of: str, record_property: Callable[[str, object], None]
) -> None:
    if of == "file" and bench.lacking("files.ours"):
        pytest.skip(bench.of.lacks["files.ours"].why)
    work = _work(bench, of)
    work()  # fields, options, people and who we are: asked once in a process
    bench.pass_time()
    bench.simulator.traffic.clear()
    work()
    calls = [f"{e.method} {e.path}" for e in bench.simulator.traffic.exchanges()]
    record_property("calls", f"{bench.of.system} {of} {len(calls)}")
    assert len(calls) <= bench.of.calls.get(of, MOST[of]), calls


def _work(bench: Bench, of: str) -> Callable[[], object]:
    """The work to be counted, to be done twice."""
    kinds = {s.kind: s for s in bench.of.fields if s.kind is not Kind.RICH}
    samples = [each for kind, each in kinds.items() if kind is not Kind.PERSON]
    id, connector, count = bench.made(), bench.connector, iter("abcdefgh")
    bench.desk.comment(JANE, id, "Hello")
    bench.pass_time()
    connector.add_comment(id, "Ours", True, "c0")
    want = bench.want(*(s.name for s in samples), comments=True, attachments=True)
    known = bench.known(want, connector.read(id, want))
    turns = [
        bench.values({s.name: v for s, v in zip(samples, values, strict=True)})
        for values in zip(*((s.one, s.other) for s in samples), strict=True)
    ]
    cursor = bench.caught_up()
    state = {"ticket": connector.read(id, known)}

    def update() -> None:
        state["ticket"] = connector.update(state["ticket"], turns.pop(), bench.want())

    def create() -> None:
        connector.create(
            f"c{next(count)}",
            bench.values({bench.of.title: "Ours", **bench.of.needs}),
            bench.want(bench.of.title),
        )

    def file() -> None:
        connector.add_attachment(id, f"{next(count)}.txt", "text/plain", io.BytesIO(b"1"))

    return {
        "read": lambda: connector.read(id, known),
        "update": update,
        "create": create,
        "comment": lambda: connector.add_comment(id, f"Text {next(count)}", True, next(count)),
        "file": file,
        "changes": lambda: list(connector.changes(cursor, bench.clock.now())),
    }[of]
