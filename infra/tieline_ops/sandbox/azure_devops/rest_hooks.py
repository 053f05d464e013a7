"""Subscriptions to service hooks, and what became of their notifications."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.errors import AdoError, bad_patch
from tieline_ops.sandbox.azure_devops.hooks import MASK, Hooks, Subscription
from tieline_ops.sandbox.azure_devops.http import Asked, Routes, body
from tieline_ops.sandbox.azure_devops.render import identity, stamp

_PATH = "/hooks/subscriptions"
_ONE = _PATH + "/<id>"


def hook_routes(routes: Routes, hooks: Hooks) -> None:
    @routes.add("POST", _PATH, project=False)
    def make(asked: Asked) -> ResponseReturnValue:
        event, inputs, outputs = _wanted(routes)
        try:
            made = hooks.add(event, inputs, outputs, asked.user)
        except KeyError:
            raise bad_patch("The event or an input is not known.") from None
        return jsonify(_shown(hooks, asked, made))

    @routes.add("GET", _PATH, project=False)
    def listed(asked: Asked) -> ResponseReturnValue:
        if "hooks_denied" in routes.of.faults.on:
            raise _denied()
        event = request.args.get("eventType")
        found = [
            _shown(hooks, asked, s)
            for s in hooks.subscriptions.values()
            if event in (None, s.event)
        ]
        return jsonify(count=len(found), value=found)

    _one_routes(routes, hooks)


def _one_routes(routes: Routes, hooks: Hooks) -> None:
    @routes.add("GET", _ONE, project=False)
    def one(asked: Asked, id: str) -> ResponseReturnValue:
        return jsonify(_shown(hooks, asked, _of(hooks, id)))

    @routes.add("PUT", _ONE, project=False)
    def replace(asked: Asked, id: str) -> ResponseReturnValue:
        of = _of(hooks, id)
        event, inputs, outputs = _wanted(routes)
        try:
            hooks.replace(of, event, inputs, outputs)
        except KeyError:
            raise bad_patch("The event or an input is not known.") from None
        return jsonify(_shown(hooks, asked, of))

    @routes.add("DELETE", _ONE, project=False)
    def remove(asked: Asked, id: str) -> ResponseReturnValue:  # noqa: ARG001
        del hooks.subscriptions[_of(hooks, id).id]
        return Response(status=204)

    @routes.add("GET", _ONE + "/notifications", project=False)
    def notifications(asked: Asked, id: str) -> ResponseReturnValue:  # noqa: ARG001
        wanted = request.args.get("result")
        found = [
            {
                "id": event["notificationId"],
                "subscriptionId": event["subscriptionId"],
                "eventId": event["id"],
                "status": "completed",
                "result": "succeeded" if 200 <= attempt.status < 300 else "failed",
                "details": {"requestAttempts": attempt.number + 1},
            }
            for event, attempt in hooks.attempts(_of(hooks, id))
        ]
        kept = [each for each in found if wanted in (None, each["result"])]
        return jsonify(count=len(kept), value=kept)


def _wanted(routes: Routes) -> tuple[str, dict[str, str], dict[str, str]]:
    """Event, publisher's and consumer's inputs of a request. Raises AdoError."""
    wanted = body()
    known = (wanted.get("publisherId"), wanted.get("consumerId"))
    if known != ("tfs", "webHooks") or wanted.get("consumerActionId") != "httpRequest":
        raise bad_patch("The publisher, the consumer or its action is not known.")
    if "hooks_denied" in routes.of.faults.on:
        raise _denied()
    inputs, outputs = wanted.get("publisherInputs") or {}, wanted.get("consumerInputs") or {}
    return str(wanted.get("eventType")), inputs, outputs


def _shown(hooks: Hooks, asked: Asked, of: Subscription) -> dict[str, Any]:
    masked = {**of.consumer}
    if masked.get("basicAuthPassword"):
        masked["basicAuthPassword"] = MASK
    return {
        "id": of.id,
        "url": f"{asked.base}/_apis{_PATH}/{of.id}",
        "status": hooks.status(of),
        "publisherId": "tfs",
        "eventType": of.event,
        "resourceVersion": "1.0",
        "consumerId": "webHooks",
        "consumerActionId": "httpRequest",
        "createdBy": identity(of.by, asked.base),
        "createdDate": stamp(of.made),
        "publisherInputs": of.publisher,
        "consumerInputs": masked,
    }


def _of(hooks: Hooks, id: str) -> Subscription:
    found = hooks.subscriptions.get(id)
    if found is None:
        raise AdoError(404, f"VS800040: The subscription {id} is not found.", "NotFoundException")
    return found


def _denied() -> AdoError:
    message = "Access denied: the account needs the permission ViewSubscriptions."
    return AdoError(403, message, "AccessCheckException")
