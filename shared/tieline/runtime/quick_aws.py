"""The two AWS calls that every webhook makes, without importing an SDK for them.

GetSecretValue and SendMessage are JSON over HTTPS with Signature Version 4 (AWS, "Create a signed
AWS API request"). Their errors are botocore's, so callers need not know who made the call. All
else, and any way of signing in but the one that Lambda gives its functions, is botocore's work.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import quote, urlsplit

TRIES = 3
SECONDS = 10.0
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_REGION = re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-[a-z]+-\d+")
"""Regions of the partition whose hosts are in amazonaws.com (AWS, "Regions and endpoints")."""
_BOTOCORES = (
    "AWS_CA_BUNDLE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "REQUESTS_CA_BUNDLE",
    "http_proxy",
    "https_proxy",
)
"""Wishes that we do not know how to fulfil."""


@dataclass(frozen=True, slots=True)
class Service:
    """How a service is spoken to. `operations` are boto3's method names -> its own."""

    name: str
    endpoint_variable: str
    target: str
    content_type: str
    operations: Mapping[str, str]


SERVICES = {
    "secretsmanager": Service(
        "secretsmanager",
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "secretsmanager",
        "application/x-amz-json-1.1",
        {"get_secret_value": "GetSecretValue"},
    ),
    "sqs": Service(
        "sqs",
        "AWS_ENDPOINT_URL_SQS",
        "AmazonSQS",
        "application/x-amz-json-1.0",
        {"send_message": "SendMessage"},
    ),
}


def quick_call(service: str, method: str) -> Callable[..., Any] | None:
    """boto3's method of that name, if it is one of ours and the environment asks nothing special.

    None where botocore has to make the call: without Lambda's own credentials, outside AWS's
    commercial partition, and with a proxy or certificates of one's own.
    """
    known = SERVICES.get(service)
    if known is None or method not in known.operations:
        return None
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    signable = _REGION.fullmatch(region) and all(os.environ.get(key) for key in _KEYS)
    if not signable or any(os.environ.get(name) for name in _BOTOCORES):
        return None
    return _Operation(known, known.operations[method], region)


class _Operation:
    def __init__(self, service: Service, operation: str, region: str) -> None:
        self._service = service
        self._operation = operation
        self._region = region
        named = os.environ.get(service.endpoint_variable) or os.environ.get("AWS_ENDPOINT_URL")
        self._url = named or f"https://{service.name}.{region}.amazonaws.com"
        self._connection: HTTPConnection | None = None

    def __call__(self, **arguments: Any) -> Any:
        """The answer. Raises botocore's ClientError and BotoCoreError."""
        from botocore.exceptions import ClientError, EndpointConnectionError  # noqa: PLC0415

        body = json.dumps(arguments).encode()
        for attempt in range(1, TRIES + 1):
            try:
                status, answer = self._once(body)
            except (OSError, HTTPException):
                self._connection = None
                if attempt == TRIES:
                    raise EndpointConnectionError(endpoint_url=self._url) from None
            else:
                if status < 300:
                    return json.loads(answer)
                code = _code(answer, status)
                if attempt == TRIES or not (status >= 500 or "Throttl" in code):
                    said: Any = {"Error": {"Code": code, "Message": ""}}
                    raise ClientError(said, self._operation)
            time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")  # pragma: no cover

    def _once(self, body: bytes) -> tuple[int, bytes]:
        url = urlsplit(self._url)
        if self._connection is None:
            kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
            self._connection = kind(url.netloc, timeout=SECONDS)
        headers = {
            "content-type": self._service.content_type,
            "x-amz-target": f"{self._service.target}.{self._operation}",
        }
        signed = signed_headers(
            self._service.name, self._region, url.netloc, headers, body, datetime.now(UTC)
        )
        trace = os.environ.get("_X_AMZN_TRACE_ID")
        if trace and os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
            # As botocore does, unsigned: SQS hands it on to whoever receives the message.
            signed["x-amzn-trace-id"] = quote(trace, safe="-=;:+&[]{}\"',")
        self._connection.request("POST", "/", body=body, headers=signed)
        response = self._connection.getresponse()
        return response.status, response.read()


def signed_headers(
    service: str, region: str, host: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """The headers of a POST to `/` with those that sign it; the keys are the environment's."""
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    all_ = {**headers, "host": host, "x-amz-date": stamp}
    token = os.environ.get("AWS_SESSION_TOKEN")
    if token:
        all_["x-amz-security-token"] = token
    names = ";".join(sorted(all_))
    lines = "".join(f"{name}:{all_[name].strip()}\n" for name in sorted(all_))
    request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{day}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for piece in (day, region, service, "aws4_request"):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    all_["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return all_


def _code(answer: bytes, status: int) -> str:
    """The error's name as botocore would give it."""
    try:
        type_ = str(json.loads(answer).get("__type", ""))
    except (ValueError, AttributeError):
        type_ = ""
    return type_.rpartition("#")[2] or str(status)
