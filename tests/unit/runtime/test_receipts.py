"""A system that wants to hear something of its own once its webhook is taken hears it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tieline.connectors import WEBHOOKS, webhook_receipt
from tieline.connectors.base import Hint
from tieline.domain.errors import Transient, Unauthenticated
from tieline.domain.link import Link, Side
from tieline.runtime.intake import Intake

NOW = datetime(2026, 3, 2, tzinfo=UTC)
XML = {"content-type": "text/xml; charset=UTF-8", "soapaction": '""'}


@dataclass
class Around:
    """What an intake works with. `fails` is raised where the webhook is read, or the queue is."""

    fails: Exception | None = None
    queue_fails: bool = False
    queued: list[str] = field(default_factory=list)

    def read_webhook(self, *_: Any) -> tuple[Hint, ...]:
        if self.fails is not None:
            raise self.fails
        return (Hint("1"), Hint("2"))

    def receipt(self, side: str, headers: dict[str, str]) -> tuple[str, str] | None:
        return webhook_receipt("salesforce" if side == "sales" else "jira", headers)

    def hint(self, side: str, hint: Hint, *_: Any) -> bool:
        if self.queue_fails and self.queued:
            raise Transient("the queue gave no answer")
        self.queued.append(hint.id)
        return True

    def count(self, *_: Any) -> None:
        pass

    def warn(self, *_: Any, **__: Any) -> None:
        pass

    @contextmanager
    def following(self, *_: Any) -> Iterator[None]:
        yield


def answer(around: Around, side: str = "sales", headers: dict[str, str] = XML) -> dict[str, Any]:
    sides = {n: Side(n, n, f"https://{n}.example", {}) for n in ("dev", "sales")}
    link = Link("l", sides, ("dev", "sales"))
    intake: Any = Intake(link, around, around, around, lambda: NOW)  # type: ignore[arg-type]
    found: dict[str, Any] = intake.answer(
        {"rawPath": f"/l/{side}", "headers": headers, "body": "<a/>"}
    )
    return found


def test_an_outbound_message_is_acknowledged_once_all_of_it_is_queued() -> None:
    around = Around()
    found = answer(around)
    assert around.queued == ["1", "2"]
    assert (found["statusCode"], found["headers"]) == (
        200,
        {"Content-Type": "text/xml; charset=utf-8"},
    )
    assert "<Ack>true</Ack>" in found["body"]


@pytest.mark.parametrize(
    ("around", "status"),
    [(Around(queue_fails=True), 503), (Around(fails=Unauthenticated("no proof")), 401)],
)
def test_what_is_not_taken_is_not_acknowledged(around: Around, status: int) -> None:
    found = answer(around)
    assert found["statusCode"] == status
    assert "Ack" not in found["body"]


def test_a_callout_and_other_systems_hear_202() -> None:
    callout = {"content-type": "application/json", "x-tieline-secret": "s"}
    assert answer(Around(), headers=callout)["statusCode"] == 202
    assert answer(Around(), side="dev")["statusCode"] == 202


def test_every_system_says_in_one_way_whether_it_wants_a_receipt() -> None:
    wanting = {system for system in WEBHOOKS if system != "model" and webhook_receipt(system, XML)}
    assert wanting == {"salesforce"}
