"""From the queue to the function, as Lambda's event source mapping does it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

import pytest
from support.emulators import make_queues, running, waiting
from support.until import until

from tieline.state.queue import SqsQueue
from tieline_ops.local.emulator import Emulator
from tieline_ops.local.functions import FunctionError
from tieline_ops.local.pollers import Poller, failed_ids
from tieline_ops.local.provisioning import Queues

RECEIVES = 5


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running("ministack", tmp_path_factory.mktemp("aws") / "log") as emulator:
        yield emulator


@pytest.fixture
def queues(aws: Emulator) -> Queues:
    return make_queues(aws.client("sqs"), f"link-{uuid.uuid4().hex[:12]}")


class Worker:
    """A function; `fails(body, receives)` says which messages it gives back at once."""

    def __init__(self, queue: SqsQueue, fails: Callable[[str, int], bool]) -> None:
        self._queue = queue
        self._fails = fails
        self._lock = Lock()
        self.batches: list[list[str]] = []
        self.records: list[Mapping[str, Any]] = []
        self.done: list[str] = []
        self.raises = 0  # so many batches

    def invoke(self, event: Mapping[str, Any]) -> Any:
        with self._lock:
            records = event["Records"]
            self.records += records
            self.batches.append([r["body"] for r in records])
            if self.raises:
                self.raises -= 1
                for record in records:
                    self._queue.extend(record["receiptHandle"], 0)
                raise FunctionError("KeyError")
            failed: list[str] = []
            held: set[str] = set()
            for record in records:
                receives = int(record["attributes"]["ApproximateReceiveCount"])
                group = record["attributes"]["MessageGroupId"]
                # A failure holds back what comes after it in its group.
                if group in held or self._fails(record["body"], receives):
                    held.add(group)
                    failed.append(record["messageId"])
                    self._queue.extend(record["receiptHandle"], 0)
                else:
                    self.done.append(record["body"])
            return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


@pytest.fixture
def started(aws: Emulator, queues: Queues) -> Iterator[Callable[..., Worker]]:
    pollers: list[Poller] = []

    def start(
        bodies: list[str], fails: Callable[[str, int], bool] = lambda *_: False, threads: int = 1
    ) -> Worker:
        queue = SqsQueue(queues.url, aws.client("sqs"))
        for n, body in enumerate(bodies):
            queue.send(body, body.partition(" ")[0], str(n))
        worker = Worker(queue, fails)
        pollers.append(Poller(aws.client("sqs"), queues.url, worker, 10, threads))
        return worker

    yield start
    for poller in pollers:
        poller.close()


def test_messages_are_handed_over_as_lambda_tells_of_them_and_then_deleted(
    aws: Emulator, queues: Queues, started: Callable[..., Worker]
) -> None:
    worker = started(["twin 1", "twin 2"])
    until(lambda: waiting(aws.client("sqs"), queues.url) == 0)
    assert worker.done == ["twin 1", "twin 2"]
    record = worker.records[0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"].endswith(queues.url.rpartition("/")[2])
    assert record["attributes"]["MessageGroupId"] == "twin"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_no_batch_is_larger_than_the_template_says(
    aws: Emulator, queues: Queues, started: Callable[..., Worker]
) -> None:
    bodies = [f"twin{n} m" for n in range(25)]
    worker = started(bodies, threads=2)
    until(lambda: waiting(aws.client("sqs"), queues.url) == 0)
    assert sorted(worker.done) == sorted(bodies)
    assert max(len(batch) for batch in worker.batches) <= 10


def test_a_message_that_failed_comes_again_in_its_place_and_no_other_does(
    aws: Emulator, queues: Queues, started: Callable[..., Worker]
) -> None:
    worker = started(
        ["a 1", "a 2", "a 3"], lambda body, receives: body == "a 2" and receives == 1, threads=2
    )
    until(lambda: waiting(aws.client("sqs"), queues.url) == 0)
    assert worker.done == ["a 1", "a 2", "a 3"]
    assert [r["body"] for r in worker.records].count("a 1") == 1


def test_a_message_that_always_fails_becomes_a_dead_letter(
    aws: Emulator, queues: Queues, started: Callable[..., Worker]
) -> None:
    worker = started(["bad m", "good m"], lambda body, _: body == "bad m")
    until(lambda: waiting(aws.client("sqs"), queues.dead_url) == 1)
    assert waiting(aws.client("sqs"), queues.url) == 0
    assert [r["body"] for r in worker.records].count("bad m") == RECEIVES
    assert worker.done == ["good m"]


def test_a_function_that_raises_has_the_whole_batch_again(
    aws: Emulator, queues: Queues, started: Callable[..., Worker]
) -> None:
    worker = started([])
    worker.raises = 2
    queue = SqsQueue(queues.url, aws.client("sqs"))
    queue.send("m", "twin", "1")
    until(lambda: waiting(aws.client("sqs"), queues.url) == 0)
    assert worker.batches == [["m"]] * 3
    assert worker.done == ["m"]


BATCH = frozenset({"1", "2"})


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "2"}]}, {"2"}),
        ({"batchItemFailures": [{"itemIdentifier": "3"}]}, BATCH),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, BATCH),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, BATCH),
        ({"batchItemFailures": [{"id": "1"}]}, BATCH),
        ({"batchItemFailures": 5}, BATCH),
        ("done", BATCH),
    ],
)
def test_an_answer_that_names_no_message_of_the_batch_fails_it_all(
    answer: Any, failed: set[str]
) -> None:
    assert failed_ids(answer, BATCH) == failed
