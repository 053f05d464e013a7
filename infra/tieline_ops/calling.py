"""Asks a link's function something: the deployed one, or that of the local stack."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tieline_ops.project import Project
from tieline_ops.running import function_name, running
from tieline_ops.trouble import Trouble

_SECONDS = 60


class Asks(Protocol):
    """What carries a question to a link's function."""

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the link's function answers. Raises Trouble."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Invokes functions directly, as operators do."""

    project: Project
    deployed: bool = False

    def ask(self, link: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """What the link's function answers. Raises Trouble."""
        local = None if self.deployed else running(self.project, link)
        if local is not None:
            return self._ask_local(local.invocations(link), event)
        return self._ask_aws(link, event)

    def _ask_local(self, url: str, event: Mapping[str, Any]) -> dict[str, Any]:
        import requests  # noqa: PLC0415 - slow to import

        try:
            answer = requests.post(url, json=dict(event), timeout=_SECONDS)
            given = answer.json()
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
