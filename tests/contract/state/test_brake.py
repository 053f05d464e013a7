"""What the brake counts is kept by DynamoDB, whoever counts, and however many at once."""

from __future__ import annotations

from datetime import timedelta

from support.twins import NOW, at_once
from support.world import real_link

from tieline.domain.brake import Counting, Tally, step_of
from tieline.domain.errors import Transient
from tieline.domain.link import Brake
from tieline.runtime.braking import Braking
from tieline.runtime.pauses import Paused, Pauses
from tieline.runtime.telemetry import Telemetry
from tieline.state.dynamodb import DynamoStore

STEP = step_of(NOW)
LIMIT, WORKERS, WRITES = 60, 6, 20


def test_a_tally_holds_what_was_added_given_back_forgotten_and_let_through(
    store: DynamoStore,
) -> None:
    assert store.tally("writes") == Tally()
    store.count("writes", Counting({STEP - 20: 4, STEP: 10}, total=14))
    found = store.count("writes", Counting({STEP + 1: 7, STEP: -3}, (STEP - 20,), total=4))
    assert found == store.tally("writes") == Tally(18, steps={STEP: 7, STEP + 1: 7})
    store.let_through("writes", 30, NOW + timedelta(hours=1), "jane")
    assert store.tally("writes") == Tally(
        18, 30, NOW + timedelta(hours=1), {STEP: 7, STEP + 1: 7}, "jane"
    )
    store.let_through("writes", 18, None, "")
    assert store.tally("writes").until is None
    assert store.tally("deletes") == Tally()


def test_workers_at_once_make_as_many_writes_as_the_limit_and_no_more(store: DynamoStore) -> None:
    link = real_link(brake=Brake(LIMIT, 5))
    telemetry = Telemetry(link.name)

    def worker() -> int:
        """How many writes a process of its own was allowed, until the brake came on."""
        pauses = Pauses(store, lambda: NOW, telemetry)
        braking = Braking(link, store, pauses, telemetry, lambda: NOW)
        made = 0
        for _ in range(WRITES):
            try:
                braking.count("eng", "writes")
            except Paused:
                return made
            except Transient:
                continue  # the emulator's; the message would come again
            made += 1
        return made

    made = at_once([worker] * WORKERS)
    assert all(isinstance(count, int) for count in made), made
    # What a worker counted ahead and did not use is at most one.
    assert LIMIT - WORKERS <= sum(count for count in made if isinstance(count, int)) <= LIMIT
    pause = store.pause("eng")
    assert pause is not None
    assert pause.kind == "brake"
