"""The API on links: how they fare, what waits for a person, and what gets it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from flask import Blueprint, request

from tieline.connectors import connector_class
from tieline.domain.link import Link
from tieline.runtime.wiring import utc_now
from tieline_ops.asking import checked
from tieline_ops.calling import Calls
from tieline_ops.commands import errors, retry
from tieline_ops.console.health import health
from tieline_ops.console.letters import Letters
from tieline_ops.console.mapping import mapping
from tieline_ops.link_folder import SOURCE, load
from tieline_ops.outcomes import outcomes
from tieline_ops.project import Project
from tieline_ops.trouble import Trouble, Wrong

Json = dict[str, Any]
_AT_ONCE = 8
ANY = "-"
"""Stands for the side of a ticket whose side is not known."""
PAGE, RECENT_PAGES = 100, 5
"""Twins of a page, and so many pages at most are looked through for what was written lately."""
HOUR = timedelta(hours=1)
LAG_SECONDS = 60.0
"""So long a link's lag is taken for what it was: it is dear to find out."""
RETRY_SECONDS = 8.0
"""So long a request for a retry waits for the outcome."""


@dataclass
class Links:
    """The links of a project, asked as the command asks them."""

    project: Project
    calls: Calls
    letters: Letters
    poll_seconds: float = 1.0
    who: str = ""
    """Whose console it is, if AWS does not tell who asks."""
    now: Callable[[], datetime] = utc_now
    _lags: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    _mesh: list[Json] = field(default_factory=list)
    _fresh_until: float = 0.0
    _looking: Lock = field(default_factory=Lock)
    _loaded: dict[str, tuple[int, Link | None]] = field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """The links that are up, or all."""
        return self.calls.names()

    def session(self) -> Json:
        """What the page must know before anything else."""
        return {
            "project": self.project.root.name,
            "where": "AWS" if self.calls.deployed else "this machine",
            "every": self.poll_seconds,
            "links": list(self.names()),
        }

    def mesh(self) -> Json:
        """Every link with its health, and the places that they join."""
        with self._looking:
            if time.monotonic() > self._fresh_until:
                began = time.monotonic()
                with ThreadPoolExecutor(_AT_ONCE) as pool:
                    self._mesh = list(pool.map(self.summary, self.names()))
                took = time.monotonic() - began
                # However many look, and however slow the links are, there is time between looks.
                self._fresh_until = time.monotonic() + max(self.poll_seconds / 2, took)
            return {"links": self._mesh}

    def page(self, name: str) -> Json:
        """One link in full: what its file says, how it fares, what waits in it. Raises Wrong."""
        link = self.link(name)
        return {
            **self.summary(name, more=True),
            "mapping": mapping(link) if link else None,
            "errors": self.errors_of(name),
            "recent": self._recent(name),
        }

    def _recent(self, name: str) -> Json | None:
        """Tickets written in the last hour; `all` is whether every twin was looked at."""
        since, after, count = self.now() - HOUR, None, 0
        for _ in range(RECENT_PAGES):
            event = {"tieline": "twins", "limit": PAGE, **({"after": after} if after else {})}
            try:
                answer = checked(self.calls.ask(name, event), "")
            except Trouble:
                return None
            moments = (datetime.fromisoformat(twin["changed"]) for twin in answer["twins"])
            count += sum(moment > since for moment in moments)
            after = answer["next"]
            if after is None:
                break
        return {"count": count, "all": after is None}

    def summary(self, name: str, *, more: bool = False) -> Json:
        """One link in short: its sides, its health, its counts; with `more`, lag and last write."""
        link = self.link(name)
        head: Json = {
            "link": name,
            "title": link.title if link else "",
            "sides": _sides(link) if link else [],
        }
        try:
            more = more or time.monotonic() > self._lags.get(name, (0.0, None))[0]
            status = checked(self.calls.ask(name, {"tieline": "status", "more": more}), "")
            if more:
                told_lag = status.get("lag_seconds")
                self._lags[name] = time.monotonic() + LAG_SECONDS, told_lag
            told = checked(self.calls.ask(name, {"tieline": "errors"}), "")
            held = self.letters.held(name)
        except Trouble as trouble:
            return {**head, "health": "down", "why": [trouble.message, trouble.hint]}
        word, why = health(status, told, held, self._lags[name][1])
        return {
            **head,
            "health": word,
            "why": why,
            "mode": status["mode"],
            "twins": status["twins"],
            "parked": status["parked"],
            "waiting": status["waiting"],
            "queued": held.queued,
            "dead": held.dead,
            "lag": status.get("lag_seconds"),
            "last": status.get("last"),
            "paused": told["paused"],
            "polled": {side: one["polled"] for side, one in status["sides"].items()},
        }

    def link(self, name: str) -> Link | None:
        """The link as its file says it, or None if that is at fault. Raises Wrong."""
        (chosen,) = self.project.chosen([name])
        folder = self.project.functions / chosen
        written = (folder / SOURCE).stat().st_mtime_ns
        if self._loaded.get(chosen, (0, None))[0] != written:
            self._loaded[chosen] = written, load(folder).link
        return self._loaded[chosen][1]

    def errors(self) -> Json:
        """What waits for a person in all links, the most urgent first."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = [one for many in pool.map(self.errors_of, self.names()) for one in many]
        found.sort(key=lambda one: (errors.rank(one), str(one["since"])))
        return {"errors": found}

    def errors_of(self, name: str) -> list[Json]:
        """What waits in one link; that it gives no answer is an error, too."""
        try:
            told = checked(self.calls.ask(name, {"tieline": "errors"}), "")
            letters = self.letters.look(name)
        except Trouble as trouble:
            said = {"kind": "", "since": "", "reason": trouble.message, "first": trouble.hint}
            return [{"what": "unknown", "link": name, **said}]
        return errors.waiting(name, told, letters)

    def retry(self, name: str, wanted: Mapping[str, Any]) -> Json:
        """Try a ticket again, and wait a little for the outcome. Raises Wrong if none is named."""
        (chosen,) = self.project.chosen([name])
        if not wanted.get("ticket"):
            raise Wrong("no ticket is named", f"`tieline retry {chosen} --all` tries all again")
        event = {"tieline": "reconcile", "ticket": str(wanted["ticket"])}
        side = {"side": str(wanted["side"])} if wanted.get("side") else {}
        answer = checked(self.calls.ask(chosen, {**event, **side}), "")
        asked = [{**answer, "name": str(wanted["ticket"])}]
        became = outcomes(self.calls, chosen, asked, RETRY_SECONDS)
        return {"retried": [retry.told(chosen, one, became.get(one["asked"])) for one in asked]}

    def pass_on(
        self, name: str, verb: str, wanted: Mapping[str, Any], words: tuple[str, ...]
    ) -> Json:
        """A verb of the function's own, with those of `words` that are given."""
        (chosen,) = self.project.chosen([name])
        given = {word: wanted[word] for word in words if wanted.get(word) not in {None, ""}}
        return checked(self.calls.ask(chosen, {"tieline": verb, **given}), "")


def _sides(link: Link) -> list[Json]:
    return [
        {
            "name": name,
            "system": link.sides[name].system,
            "title": connector_class(link.sides[name].system).title,
            "url": link.sides[name].url,
            "scope": dict(link.sides[name].scope),
        }
        for name in link.order
    ]


def links_api(links: Links) -> Blueprint:
    """Reads, and what gets things out."""
    api = Blueprint("links", __name__, url_prefix="/api")

    @api.get("/mesh")
    def mesh() -> Json:
        return links.mesh()

    @api.get("/errors")
    def all_errors() -> Json:
        return links.errors()

    @api.get("/links/<name>")
    def page(name: str) -> Json:
        return links.page(name)

    @api.get("/links/<name>/twins")
    def twins(name: str) -> Json:
        return links.pass_on(name, "twins", request.args, ("after",))

    @api.get("/links/<name>/tickets/<side>/<path:ticket>")
    def show(name: str, side: str, ticket: str) -> Json:
        asked = {"ticket": ticket, "side": "" if side == ANY else side}
        return links.pass_on(name, "show", asked, ("ticket", "side"))

    @api.post("/links/<name>/retry")
    def try_again(name: str) -> Json:
        return links.retry(name, request.get_json())

    @api.post("/links/<name>/replay")
    def replay(name: str) -> Json:
        return links.letters.replay(name)

    @api.post("/links/<name>/pause")
    def pause(name: str) -> Json:
        who = request.remote_user or links.who or "somebody at the console"
        wanted = {**request.get_json(), "who": who}
        return links.pass_on(name, "pause", wanted, ("side", "reason", "who"))

    @api.post("/links/<name>/resume")
    def resume(name: str) -> Json:
        return links.pass_on(name, "resume", request.get_json(), ("side",))

    return api
