from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import pytest
from support.emulators import KINDS, make_queues, make_table, running

from tieline.state.dynamodb import DynamoStore
from tieline_ops.local.emulator import Emulator, Kind
from tieline_ops.local.provisioning import Queues

Stores = Callable[..., DynamoStore]
TABLE = "tieline"


@pytest.fixture(scope="session", params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Kind], Emulator]]:
    """Each emulator is started once, whatever order the tests come in; with the table in it."""
    with ExitStack() as ending:

        @cache
        def start(kind: Kind) -> Emulator:
            log = tmp_path_factory.mktemp(kind) / "log"
            emulator = ending.enter_context(running(kind, log))
            make_table(emulator.client("dynamodb"), TABLE)
            return emulator

        yield start


@pytest.fixture(scope="session")
def aws(kind: Kind, started: Callable[[Kind], Emulator]) -> Emulator:
    return started(kind)


@pytest.fixture(scope="session")
def table(aws: Emulator) -> str:
    return TABLE


@pytest.fixture(scope="session")
def dynamodb(aws: Emulator) -> Any:
    return aws.client("dynamodb")


@pytest.fixture
def store_of(table: str, dynamodb: Any) -> Stores:
    """A store of a link, whose name no other test uses; `link` and `client` on demand."""
    own = f"link-{uuid.uuid4().hex[:12]}"

    def make(link: str = own, client: Any = dynamodb) -> DynamoStore:
        return DynamoStore(link, table, client)

    return make


@pytest.fixture
def store(store_of: Stores) -> DynamoStore:
    return store_of()


@pytest.fixture(scope="session")
def sqs(aws: Emulator) -> Any:
    return aws.client("sqs")


@pytest.fixture
def queues(sqs: Any) -> Queues:
    return make_queues(sqs, f"link-{uuid.uuid4().hex[:12]}")
