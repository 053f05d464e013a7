"""The sandbox's own HTTP surface under `/_sandbox/`: faults, webhooks and the clock.

Each simulator adds what people do in its system beside it.

    GET    /_sandbox/faults       what is switched on
    POST   /_sandbox/faults       {"what": "status", "path": ".*", "count": 1, …}: see faults.Fault
    PUT    /_sandbox/faults       {"index_lag": s, "clock_skew": s, "switches": {name: bool},
                                   "rate": {"per_second": n, "burst": n} or null}
    DELETE /_sandbox/faults       all off
    POST   /_sandbox/webhooks     {"drop"|"duplicate"|"reorder"|"delay": n, "seconds": s}
    POST   /_sandbox/clock        {"advance": s}
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.clock import SandboxClock
from tieline_ops.sandbox.faults import Fault, Faults
from tieline_ops.sandbox.rate_limit import RateLimit
from tieline_ops.sandbox.webhooks import Webhooks


def control_surface(
    name: str, clock: SandboxClock, faults: Faults, webhooks: Webhooks
) -> Blueprint:
    """The routes that every simulator has. Spans are seconds; a wrong word is answered 400."""
    surface = Blueprint(f"{name}_control", __name__, url_prefix="/_sandbox")

    @surface.errorhandler(KeyError)
    @surface.errorhandler(TypeError)
    @surface.errorhandler(ValueError)
    def wrong(error: Exception) -> ResponseReturnValue:
        return jsonify(error=f"{type(error).__name__}: {error}"), 400

    _fault_routes(surface, faults)
    _webhook_route(surface, webhooks)

    @surface.post("/clock")
    def turn_clock() -> ResponseReturnValue:
        clock.advance(timedelta(seconds=request.get_json()["advance"]))
        return jsonify(now=clock.now().isoformat())

    return surface


def _fault_routes(surface: Blueprint, faults: Faults) -> None:
    @surface.get("/faults")
    def show_faults() -> ResponseReturnValue:
        return jsonify(
            faults=[asdict(fault) for fault in faults.waiting()],
            index_lag=faults.index_lag.total_seconds(),
            clock_skew=faults.clock_skew.total_seconds(),
            rate=faults.rate and {"per_second": faults.rate.per_second, "burst": faults.rate.burst},
            switches={switch: switch in faults.on for switch in sorted(faults.known)},
        )

    @surface.post("/faults")
    def add_fault() -> ResponseReturnValue:
        wanted: dict[str, Any] = request.get_json()
        unknown = wanted.keys() - {field.name for field in fields(Fault)}
        if unknown:
            raise KeyError(sorted(unknown))
        faults.add(Fault(**wanted))
        return show_faults()

    @surface.put("/faults")
    def set_switches() -> ResponseReturnValue:
        wanted: dict[str, Any] = request.get_json()
        if "index_lag" in wanted:
            faults.index_lag = timedelta(seconds=wanted["index_lag"])
        if "clock_skew" in wanted:
            faults.clock_skew = timedelta(seconds=wanted["clock_skew"])
        if "rate" in wanted:
            faults.rate = RateLimit(**wanted["rate"]) if wanted["rate"] else None
        for switch, on in wanted.get("switches", {}).items():
            faults.switch(switch, on)
        return show_faults()

    @surface.delete("/faults")
    def clear_faults() -> ResponseReturnValue:
        faults.clear()
        return show_faults()


def _webhook_route(surface: Blueprint, webhooks: Webhooks) -> None:
    @surface.post("/webhooks")
    def disturb_webhooks() -> ResponseReturnValue:
        wanted: dict[str, Any] = request.get_json()
        by = timedelta(seconds=wanted.pop("seconds", 0))
        disturb = {
            "drop": webhooks.drop_next,
            "duplicate": webhooks.duplicate_next,
            "reorder": webhooks.reorder_next,
            "delay": lambda count: webhooks.delay_next(by, count),
        }
        for word, count in wanted.items():
            disturb[word](count)
        return jsonify(pending=webhooks.pending)


def acts(
    surface: Blueprint,
    people: object,
    names: frozenset[str],
    more: Mapping[str, Callable[..., Any]] | None = None,
) -> None:
    """POST /_sandbox/act {"act": name, …}: do as a person does, by a method of `people`.

    A file's `content` comes in base64. Answers what the act gives: a key, an id or nothing.
    `more` are acts beside those, such as an administrator's.
    """
    others = more or {}

    @surface.post("/act")
    def act() -> ResponseReturnValue:
        wanted: dict[str, Any] = request.get_json()
        name = wanted.pop("act")
        if name not in names and name not in others:
            raise KeyError(name)
        if "content" in wanted:
            wanted["content"] = base64.b64decode(wanted["content"])
        do = others[name] if name in others else getattr(people, name)
        return jsonify(made=do(**wanted))


def plain_json(value: Any) -> Any:
    """Plain values as JSON has them: moments in ISO 8601, files in base64."""
    if isinstance(value, dict):
        return {key: plain_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain_json(each) for each in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, datetime) else value
