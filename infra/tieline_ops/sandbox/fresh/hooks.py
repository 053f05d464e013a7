"""Automation rules that call a webhook: no signature, no name of the delivery, a body of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from tieline_ops.sandbox.fresh.state import Event, Record, Site
from tieline_ops.sandbox.webhooks import Target, Webhooks

HEADER = "X-Tieline-Secret"


class Steps:
    """Retries whose waits differ: what `sandbox.webhooks.Retry` is to `Webhooks`.

    `Webhooks` asks `again` and then reads `wait`, one after the other under its lock.
    """

    patience = timedelta.max

    def __init__(self, *waits: timedelta) -> None:
        self._waits = waits
        self._failed = 0

    def again(self, attempt: int, status: int) -> bool:  # noqa: ARG002
        self._failed = attempt
        return attempt < len(self._waits)

    @property
    def wait(self) -> timedelta:
        return self._waits[self._failed]


@dataclass(frozen=True)
class Hook:
    """A rule's webhook. `bodies` are templates by what happened: created, updated, deleted.

    `meets` is the rule's condition.
    """

    target: Target
    headers: Mapping[str, str]
    kind: str
    bodies: Mapping[str, str]
    meets: Callable[[Record], bool] = lambda _: True


class Hooks:
    """The rules of one account. They run for changes that the API makes, too."""

    def __init__(
        self,
        site: Site,
        webhooks: Webhooks,
        placeholders: Callable[[Record], Mapping[str, str]],
    ) -> None:
        self._webhooks = webhooks
        self._placeholders = placeholders
        self.hooks: list[Hook] = []
        site.listeners.append(self._heard)

    def _heard(self, event: Event) -> None:
        for hook in self.hooks:
            template = hook.bodies.get(event.what)
            mine = hook.kind == event.record.kind and hook.meets(event.record)
            if template is not None and mine:
                self._post(hook, _filled(template, self._placeholders(event.record)))

    def _post(self, hook: Hook, body: str) -> None:
        headers = {"Content-Type": "application/json", **hook.headers}
        self._webhooks.post(hook.target, lambda *_: headers, body.encode())


def _filled(template: str, values: Mapping[str, str]) -> str:
    """Placeholders are replaced as they are: nothing makes them fit for JSON."""
    for name, value in values.items():
        template = template.replace("{{" + name + "}}", value)
    return template
