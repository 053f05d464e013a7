"""What a million steady changes cost, from counted calls, measured items and measured logs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest
from simulation.steps import another_process
from support.world import ROOT, World, real_link, world

from tieline.runtime.telemetry import SERVICE
from tieline_ops.cost import ChangeCost, Stack, changes, prices

JANE, OMAR = "jane@acme.example", "omar@acme.example"
EACH_WAY = 10
CALL_SECONDS = 0.15
"""A system's answer, from a Lambda function: assumed, since simulators answer at once."""
OWN_SECONDS = 0.02
"""Of an invocation beside that: the table, the queue, and our own code, in a warm process."""
ACCESS_LOG_BYTES = 260
"""A line of the API's access log, in the template's format."""
OVERHEAD_BYTES = 26
"""What CloudWatch adds to each log event that it takes."""
READS, SENDS = ("GetItem", "Query"), "sqs send"


def measured(
    w: World, act: Callable[[], object], forget: bool, log: Callable[[], str]
) -> ChangeCost:
    """A change and its echo. With `forget`, another process takes the echo in."""
    w.settle(ticks=2)
    log()
    w.count_anew()
    before = w.invocations
    act()
    sent = w.jira.webhooks.flush() + w.snow.webhooks.flush()
    batches = _work(w)
    counted = w.calls.tally()
    if forget:
        # What a process asks once is not the echo's.
        another_process(w)
    w.count_anew()
    sent += w.jira.webhooks.flush() + w.snow.webhooks.flush()
    batches += _work(w)
    echo = w.calls.tally()
    tally = {n: counted[n] + echo[n] for n in {*counted, *echo}}
    systems = sum(n for name, n in tally.items() if name.startswith(("jira", "servicenow")))
    (twin,) = list(w.wiring.store.all_twins())
    item = w.dynamodb.get_item(
        TableName="tieline",
        Key={"pk": {"S": f"{w.link.name}#twin#{twin.key}"}, "sk": {"S": "twin"}},
    )["Item"]
    size = sum(len(n) + len(next(iter(v.values()))) for n, v in item.items())
    said = log()
    assert '"message":"queued"' in said, "the log's lines went elsewhere"
    assert '"Synced":[' in said, "the metrics' lines went elsewhere"
    lines = said.splitlines()
    invocations = w.invocations - before
    seconds = systems * CALL_SECONDS + invocations * OWN_SECONDS
    return ChangeCost(
        api_requests=sent,
        queue_sends=tally.get(SENDS, 0),
        queue_receives=batches,
        queue_deletes=tally.get("sqs delete", 0),
        invocations=invocations,
        gb_seconds=seconds * Stack.read(ROOT).memory_gb,
        table_reads=sum(tally.get(f"dynamodb {name}", 0) for name in READS),
        # A twin's record, and the brake's count, which is small.
        table_writes=tally.get("dynamodb PutItem", 0) * -(-size // 1024)
        + tally.get("dynamodb UpdateItem", 0),
        log_bytes=sum(len(line) + OVERHEAD_BYTES for line in lines)
        + sent * (ACCESS_LOG_BYTES + OVERHEAD_BYTES),
    )


def _work(w: World) -> int:
    batches = 0
    while w.work_once():
        batches += 1
    return batches


@pytest.fixture
def log(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], str]]:
    """The lines since the last look, of a logger that is made as in a new process of Lambda."""
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "INFO")
    monkeypatch.setenv("POWERTOOLS_METRICS_DISABLED", "false")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
    logger = logging.getLogger(SERVICE)
    level = logger.level
    monkeypatch.setattr(logger, "handlers", [])
    for made in ("init", "powertools_handler"):
        monkeypatch.setattr(logger, made, None, raising=False)
    yield lambda: capsys.readouterr().out
    logger.setLevel(level)


def test_a_million_changes_cost_less_than_ten_dollars(
    figure: Callable[[str], None], log: Callable[[], str]
) -> None:
    """While the process that wrote takes its echoes in, which a quiet link's one process does.

    The bill of the other extreme is printed, too: each echo met by a process that knows nothing.
    """
    stack, bills = Stack.read(ROOT), {}
    for forget in (False, True):
        with world(real_link()) as w:
            cost = mean_cost(w, forget, log)
        bills[forget] = changes(stack, prices(), cost)
        how = "another process takes in each echo" if forget else "one process"
        figure(f"Steady changes, {how}:\n{cost}\n{bills[forget]}")
    assert bills[False].usd < 10


def mean_cost(w: World, forget: bool, log: Callable[[], str]) -> ChangeCost:
    """The mean of changes of one field, as many each way."""
    number = w.incident("It is slow", description="since today")
    w.settle(ticks=1)
    key = w.jira.issue_keys()[0]
    acts: list[Callable[[], object]] = []
    for n in range(EACH_WAY):
        acts.append(lambda n=n: w.snow.edit(JANE, number, short_description=f"slow {n}"))
        acts.append(lambda n=n: w.jira.edit(OMAR, key, summary=f"slower {n}"))
    for act in acts[:2]:
        act()
        w.settle(ticks=1)
    costs = [measured(w, act, forget, log) for act in acts[2:]]
    names = ChangeCost.__dataclass_fields__
    return ChangeCost(**{n: sum(getattr(c, n) for c in costs) / len(costs) for n in names})
