"""AWS's clients, each made when it is first used, all from one botocore session.

They are the clients that boto3 gives out; boto3 itself would import what only S3 needs. What a
webhook calls does not wait for them: see `quick_aws`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from tieline.runtime.quick_aws import quick_call


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
        call = quick_call(self._service, name)
        found = call if call is not None else getattr(self._made, name)
        self.__dict__[name] = found
        return found
