"""Who stands before the app: what decides on requests, and what our own page must carry."""

from __future__ import annotations

from typing import Protocol

from flask import Flask

from tieline_ops.console.guard import headed


class Door(Protocol):
    """`token` is what the page sends with each request that changes something."""

    @property
    def token(self) -> str:
        """Told to the page when it starts."""

    def watch(self, app: Flask) -> None:
        """Check each request to an app, and give each answer its headers."""


class SignedDoor:
    """For an app that AWS itself lets only signed requests through to.

    A browser cannot sign, so no page can make one send such a request: the proxy that signs checks
    where requests come from.
    """

    token = ""

    def watch(self, app: Flask) -> None:
        app.after_request(headed)
