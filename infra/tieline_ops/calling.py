"""Asks a link's function something: the deployed one, or that of the local stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from tieline_ops.project import Project
from tieline_ops.running import Running, asked_for, function_name, up
from tieline_ops.trouble import Trouble

_SECONDS = 60


class Asks(Protocol):
    """What carries a question to a link's function."""

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the link's function answers. Raises Trouble."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Invokes functions directly, as operators do.

    Who is asked is decided when this is made: the local stack about the links that it has, AWS
    about others. A stack that ends meanwhile gives no answer; nobody asks AWS in its place. With
    `only`, that stack is asked about every link, and AWS about none.
    """

    project: Project
    deployed: bool = False
    only: Running | None = None
    _up: Running | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_up", None if self.deployed else self.only or up(self.project))

    def names(self) -> tuple[str, ...]:
        """The links of the local stack, if that is asked, or all."""
        if self._up is None:
            return asked_for(self.project, (), deployed=True)
        return tuple(name for name in self.project.names() if name in self._up.links)

    def local(self, link: str) -> Running | None:
        """The local stack, if it is asked about this link; None is AWS. Raises Trouble."""
        if self._up is not None and link in self._up.links:
            return self._up
        if self.only is not None:
            hint = f"start it with `make run LINK={link}`"
            raise Trouble(f"the local stack does not have the link {link}", hint)
        return None

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the link's function answers. Raises Trouble."""
        local = self.local(link)
        if local is not None:
            return self._ask_local(local.invocations(link), event)
        return self._ask_aws(link, event)

    def _ask_local(self, url: str, event: Mapping[str, Any]) -> dict[str, Any]:
        import requests  # noqa: PLC0415 - slow to import

        try:
            answer = requests.post(url, json=dict(event), timeout=_SECONDS)
            given = answer.json()
        except requests.ConnectionError:
            hint = "start it with `make run`"
            hint += "" if self.only else ", or ask the deployed function with --deployed"
            raise Trouble("the local stack is not up any more", hint) from None
        except (requests.RequestException, ValueError) as error:
            kind = type(error).__name__
            hint = "start it with `make run`, or ask the deployed function with --deployed"
            raise Trouble(f"the local stack gave no answer ({kind})", hint) from None
        return _checked(given, failed="X-Amz-Function-Error" in answer.headers)

    def _ask_aws(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        import boto3  # noqa: PLC0415 - slow to import
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        name = function_name(link)
        try:
            # A session of its own: the shared one is not for several threads.
            client: Any = boto3.session.Session().client("lambda")
            answer = client.invoke(FunctionName=name, Payload=json.dumps(dict(event)).encode())
            given = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise Trouble(f"Lambda answered {code} for {name}", _hint(code)) from None
        except BotoCoreError as error:
            hint = "set AWS_REGION and credentials, or start the local stack with `make run`"
            raise Trouble(f"Lambda cannot be asked ({type(error).__name__})", hint) from None
        return _checked(given, failed="FunctionError" in answer)


def _checked(given: Any, *, failed: bool) -> dict[str, Any]:
    if failed or not isinstance(given, dict):
        kind = given.get("errorType", "an error") if isinstance(given, dict) else "no object"
        raise Trouble(f"the function failed with {kind}", "look into its log")
    return given


def _hint(code: str) -> str:
    if code == "ResourceNotFoundException":
        return "deploy the link, or start the local stack with `make run`"
    return "look at the credentials and rights that you call AWS with"
