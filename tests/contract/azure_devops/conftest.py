"""An organisation in this process; whatever a test does, its traffic fits the description."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract.azure_devops.swagger import faults
from support.azure_devops import Bench

REMEMBERED = (
    "batch_leaves_out", "delete_answers_204", "markdown_comments_stay", "old_comment_key",
    "sign_in_redirect",
)  # fmt: skip
"""Switches of facts that are not sure: each test holds with them off and on."""


@pytest.fixture(params=[(), REMEMBERED], ids=["documented", "remembered"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    made = Bench()
    for switch in request.param:
        made.sandbox.faults.switch(switch)
    yield made
    made.sandbox.close()
    assert faults(made.sandbox.traffic.exchanges()) == []
