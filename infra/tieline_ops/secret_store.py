"""The link's secret in Secrets Manager, as operators change it: one side, and never the other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tieline_ops.running import Running
from tieline_ops.trouble import Trouble

_HINT = "look at AWS_REGION, and at the credentials and rights that you call AWS with"


class SecretStore:
    """`tieline/<link>`, of the local stack or of AWS."""

    def __init__(self, link: str, local: Running | None) -> None:
        self.name = f"tieline/{link}"
        self._local = local

    def parts(self) -> dict[str, Any]:
        """Side -> its part; {} if there is no secret yet. Raises Trouble."""
        return self._read() or {}

    def set(self, side: str, part: Mapping[str, Any]) -> None:
        """Store one side's part beside the other's; the secret is made if there is none.

        It is read just before: what the function renewed meanwhile stays. Raises Trouble.
        """
        held = self._read()
        text = json.dumps({**(held or {}), side: dict(part)})
        if held is None:
            self._call("create_secret", Name=self.name, SecretString=text)
        else:
            self._call("put_secret_value", SecretId=self.name, SecretString=text)

    def _read(self) -> dict[str, Any] | None:
        answer = self._call("get_secret_value", SecretId=self.name, missing=True)
        if answer is None:
            return None
        try:
            held = json.loads(answer["SecretString"])
        except (KeyError, ValueError):
            held = None
        if not isinstance(held, dict):
            hint = "it must be {side: {…}}; look at it in Secrets Manager, and mend or delete it"
            raise Trouble(f"the secret {self.name} is not an object of sides", hint)
        return held

    def _call(self, what: str, *, missing: bool = False, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import

        try:
            return getattr(self._client(), what)(**arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if missing and code == "ResourceNotFoundException":
                return None
            raise Trouble(f"Secrets Manager answered {code} for {self.name}", _HINT) from None
        except BotoCoreError as error:
            kind = type(error).__name__
            raise Trouble(f"Secrets Manager cannot be asked ({kind})", _HINT) from None

    def _client(self) -> Any:
        if self._local is not None:
            return self._local.client("secretsmanager")
        import boto3  # noqa: PLC0415 - slow to import

        return boto3.client("secretsmanager")
