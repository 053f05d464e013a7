"""The steps for webhooks that people make by hand hold all that has to be typed, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.shipped import SHIPPED

from tieline.domain.link import Link
from tieline_ops.link_folder import load_all
from tieline_ops.webhook_steps import removal, steps

ROOT = Path(__file__).parents[3]
BASE = "https://api.example"
WANTED = {
    "github": ("X-Hub-Signature-256", ("Issues", "Issue comments")),
    "azure-devops": ("tieline", ("Work item created", "Work item restored")),
    "jira": ("X-Hub-Signature", ("Comment created", "Attachment created", 'project = "OPS"')),
    "zendesk": ("X-Zendesk-Webhook-Signature", ("all events of tickets", "tieline secrets set")),
    "freshdesk": ("X-Tieline-Secret", ("ticket creation", "deleted", '"{{ticket.id}}"')),
    "freshservice": ("X-Tieline-Secret", ("is raised", "is deleted", '"module": "tickets"')),
    "servicenow": ("X-Tieline-Signature", ("tieline rule", "--install", "insert", "delete")),
    "salesforce": ("X-Tieline-Secret", ("Case", "Case Comment", "{!$Record.ParentId}")),
}


def _sides() -> list[tuple[Link, str]]:
    links = [one.link for one in load_all(ROOT / "functions") if one.link is not None]
    found = {link.sides[side].system: (link, side) for link in links for side in link.order}
    return [found[system] for system in sorted(found)]


@pytest.mark.parametrize(("link", "side"), _sides(), ids=lambda x: getattr(x, "name", x))
def test_steps_hold_address_proof_and_events_of_the_system(link: Link, side: str) -> None:
    system = link.sides[side].system
    proof, words = WANTED[system]
    address = f"{BASE}/{link.name}/{side}"
    made = steps(link, side, address)
    text = made.text()
    assert address in text
    assert proof in made.proof
    assert proof.lower() in (text + made.proof).lower()
    for word in words:
        assert word in text + " ".join(made.events)
    assert text.startswith("  1. ")
    assert f"tieline/{link.name}" in text
    assert "--show-secret" in text
    assert address in removal(link, side, address)


def test_every_system_that_links_here_use_has_steps() -> None:
    used = {link.sides[side].system for link, side in _sides()}
    assert used == set(WANTED) == SHIPPED - {"rest"}
