"""What the verbs about webhooks and their secrets ask: a link, its addresses, its function."""

from __future__ import annotations

from typing import Any

from tieline.domain.link import Link
from tieline_ops.asking import checked, link_of
from tieline_ops.calling import Calls
from tieline_ops.project import Project
from tieline_ops.secret_store import SecretStore
from tieline_ops.trouble import Trouble
from tieline_ops.webhook_address import base_of
from tieline_ops.webhook_steps import Steps, removal, steps

_HINT = "see `tieline check LINK --live`, and docs/webhooks-and-secrets.md"


class Asked:
    """A link, where its webhooks go, and its function."""

    def __init__(
        self, project: Project, link: str, endpoint: str | None, stack: str, *, deployed: bool
    ) -> None:
        self._project = project
        self._link: Link = link_of(project, link)
        self._calls = Calls(project, deployed)
        self._local = self._calls.local(link)
        stanza = project.stanzas().get(link, "")
        self._base = (endpoint or base_of(self._local, stack, stanza)).rstrip("/")

    @property
    def link(self) -> str:
        return self._link.name

    def link_order(self, side: str | None) -> tuple[str, ...]:
        """The sides that are asked about. Raises Wrong."""
        link_of(self._project, self._link.name, side)
        return (side,) if side else self._link.order

    def system(self, side: str) -> str:
        return self._link.sides[side].system

    def address(self, side: str) -> str:
        return f"{self._base}/{self._link.name}/{side}"

    def ask(self, verb: str, side: str, hint: str = _HINT, **more: Any) -> dict[str, Any]:
        """The function's answer to a question about one side's webhooks. Raises Trouble."""
        event = {"tieline": verb, "side": side, "address": self.address(side), **more}
        return checked(self._calls.ask(self._link.name, event), hint)

    def rule(self, side: str) -> dict[str, Any]:
        """What became of ServiceNow's business rule, which the command writes, not the function.

        With the link's own account; `denied` where that may not.
        """
        from tieline_ops.commands.rule import part_of, write_records  # noqa: PLC0415 - it is slow
        from tieline_ops.servicenow_rule import records  # noqa: PLC0415 - likewise

        placed = self._local.placed(self._link) if self._local else self._link
        place, prefix = placed.sides[side], f"tieline.{self._link.name}.{side}"
        try:
            part = part_of(placed, side, None, self._local)
            secret = part.root.webhook_secret.get_secret_value()
            wanted = records(place.scope["table"], self.address(side), secret, prefix)
            lines = write_records(place.url, part, wanted)
        except Trouble as trouble:
            return {"denied": trouble.message, "remedy": trouble.hint}
        shown = {"id": prefix, "address": self.address(side), "state": "active"}
        events = ["insert", "update", "delete"]
        hook = {**shown, "events": events, "last": "", "ends": ""}
        return {"done": "; ".join(lines), "webhooks": [hook]}

    def steps(self, side: str) -> Steps:
        return steps(self._link, side, self.address(side))

    def removal(self, side: str) -> str:
        return removal(self._link, side, self.address(side))

    def secret(self, side: str) -> str:
        """The webhook secret, which is only ever read for --show-secret."""
        part = SecretStore(self._link.name, self._local).parts().get(side) or {}
        return str(part.get("webhook_secret", ""))
