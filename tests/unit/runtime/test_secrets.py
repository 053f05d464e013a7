"""The link's secret where it cannot be written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tieline.domain.errors import Configuration, Transient
from tieline.runtime.secrets import Secret


@dataclass
class Vault:
    """Secrets Manager with one secret; `fault` is the code that it answers a write with."""

    value: dict[str, Any]
    fault: str = ""

    def get_secret_value(self, **_: str) -> dict[str, str]:
        return {"SecretString": json.dumps(self.value)}

    def put_secret_value(self, *, SecretString: str, **_: str) -> None:  # noqa: N803 - boto3's name
        if self.fault:
            raise ClientError({"Error": {"Code": self.fault}}, "PutSecretValue")
        self.value = json.loads(SecretString)


def secret_of(vault: Vault) -> Secret:
    return Secret("tieline/x", vault, lambda: datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("fault", "error"),
    [("AccessDeniedException", Configuration), ("InternalServiceError", Transient)],
)
def test_what_could_not_be_stored_is_told_of_and_not_taken_for_stored(
    fault: str, error: type[Exception]
) -> None:
    vault = Vault({"care": {"webhook_secret": "old"}}, fault)
    secret = secret_of(vault)
    with pytest.raises(error, match=fault):
        secret.change("care", {"webhook_secret": "new"})
    assert secret.side("care") == {"webhook_secret": "old"}
