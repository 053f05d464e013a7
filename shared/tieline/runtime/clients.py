"""AWS's clients, each made when it is first used, all from one botocore session.

They are the clients that boto3 gives out; boto3 itself would import what only S3 needs.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any


class Clients:
    """The clients of one process."""

    def client(self, service: str) -> Any:
        """A client that is made at the first call."""
        return _Late(self, service)

    @cached_property
    def session(self) -> Any:
        import botocore.session  # noqa: PLC0415

        return botocore.session.get_session()


class _Late:
    """Stands for a client until something is asked of it."""

    def __init__(self, clients: Clients, service: str) -> None:
        self._clients = clients
        self._service = service

    @cached_property
    def _made(self) -> Any:
        return self._clients.session.create_client(self._service)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)
