"""Which versions of a link ran, since when, and what each said: kept for good, for rollbacks.

A version is named by a digest of its link.json and of the link.yaml that it was made of. The
schedule records it when a process first ticks, so no change waits for that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tieline.connectors.base import Clock
from tieline.domain import link_json
from tieline.domain.errors import TielineError
from tieline.domain.link import Link
from tieline.runtime.telemetry import Telemetry
from tieline.state.store import Store, Version

AT_ONCE = 20
"""Versions of one answer: an item holds 400 KB deflated, an answer 6 MB."""
ROOM = 4_000_000
Verb = Callable[[Mapping[str, Any]], dict[str, Any]]


class Versions:
    """Writes down what runs, and answers what ran."""

    def __init__(
        self, link: Link, folder: Path | None, store: Store, telemetry: Telemetry, clock: Clock
    ) -> None:
        self._link = link
        self._folder = folder
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._noted: Version | None = None

    def note(self) -> None:
        """Record the version that runs, if another one ran last; once for a process.

        A failure costs no tick: the next one tries again.
        """
        if self._noted is not None:
            return
        try:
            last = next(iter(self._store.versions(1)), None)
            running = self._running()
            if last is None or last.name != running.name:
                self._store.record_version(running)
                self._telemetry.info("version began", version=running.name)
                last = running
            self._noted = last
        except TielineError as error:
            self._telemetry.warn("version not recorded", reason=str(error))

    def verbs(self) -> Mapping[str, Verb]:
        """Verb -> what answers it."""
        return {"version": self._version, "versions": self._versions}

    def _running(self) -> Version:
        """What this process runs, as if it had begun now."""
        if self._folder is None:
            compiled, source = link_json.dump(self._link), ""
        else:
            compiled = (self._folder / "link.json").read_text("utf-8")
            yaml = self._folder / "link.yaml"
            source = yaml.read_text("utf-8") if yaml.exists() else ""
        return Version(name_of(compiled, source), self._clock(), compiled, source)

    def _version(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """The version that runs, since when (unless no tick recorded it yet), and its mode."""
        running = self._running()
        last = next(iter(self._store.versions(1)), None)
        known = last is not None and last.name == running.name
        return {
            "link": self._link.name,
            "version": running.name,
            "since": last.since.isoformat() if last is not None and known else None,
            "mode": self._link.mode,
            "compiled": json.loads(running.compiled),
            "source": running.source,
        }

    def _versions(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The versions that ran, the newest first; `position` is where the next answer begins."""
        position = event.get("position")
        before = datetime.fromisoformat(str(position)) if position else None
        found: list[Version] = []
        size = 0
        page = self._store.versions(AT_ONCE, before)
        for one in page:
            size += len(one.compiled) + len(one.source)
            if found and size > ROOM:
                break
            found.append(one)
        more = len(found) < len(page) or len(page) == AT_ONCE
        return {
            "link": self._link.name,
            "running": self._running().name,
            "versions": [version_facts(one) for one in found],
            "position": found[-1].since.isoformat() if more else None,
        }


def name_of(compiled: str, source: str) -> str:
    """The name of a version: ten digits of a digest of its link.json and its link.yaml."""
    return hashlib.sha256(f"{compiled}\0{source}".encode()).hexdigest()[:10]


def version_facts(version: Version) -> dict[str, Any]:
    """A version as an answer tells of it."""
    return {
        "version": version.name,
        "since": version.since.isoformat(),
        "compiled": json.loads(version.compiled),
        "source": version.source,
    }
