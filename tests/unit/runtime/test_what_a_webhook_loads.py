"""A new process answers a webhook without the libraries that only calls to the systems need."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import sys
import time
from pathlib import Path

from support.answers import Answers
from support.built import ROOT

from tieline.connectors.servicenow.webhook import signature
from tieline.domain import link_json
from tieline_ops.link_folder import load

NAME = "jira-servicenow"
HEAVY = ("aws_xray_sdk", "boto3", "botocore.client", "markdown_it", "pydantic", "requests")
PROGRAM = f"""
import json, sys
from tieline.runtime.entry import handler_for
class Context:
    def get_remaining_time_in_millis(self):
        return 10000
handler = handler_for(sys.argv[1])
answers = [handler(event, Context()) for event in json.load(sys.stdin)]
loaded = [name for name in {HEAVY!r} if name in sys.modules]
json.dump([[answer["statusCode"] for answer in answers], loaded], sys.stderr)
"""


def event(side: str, headers: dict[str, str], body: bytes) -> dict[str, object]:
    return {
        "version": "2.0",
        "rawPath": f"/{NAME}/{side}",
        "headers": headers,
        "requestContext": {"http": {"method": "POST"}},
        "body": body.decode(),
        "isBase64Encoded": False,
    }


def jira_event() -> dict[str, object]:
    content = {
        "timestamp": int(time.time() * 1000),
        "webhookEvent": "jira:issue_updated",
        "issue": {"id": "10001", "fields": {"updated": "2026-03-02T09:30:00.000+0000"}},
    }
    body = json.dumps(content).encode()
    proof = "sha256=" + hmac.new(b"j", body, hashlib.sha256).hexdigest()
    return event("eng", {"X-Hub-Signature": proof}, body)


def servicenow_event() -> dict[str, object]:
    content = {
        "event": "update",
        "table": "incident",
        "sys_id": "a" * 32,
        "sys_mod_count": "3",
        "ts": str(int(time.time() * 1000)),
    }
    body = json.dumps(content).encode()
    return event("it", {"X-Tieline-Signature": signature("s", body)}, body)


def test_a_webhook_of_either_side_is_answered_without_any_heavy_library(tmp_path: Path) -> None:
    link = load(ROOT / "functions" / NAME).link
    assert link is not None
    (tmp_path / "link.json").write_text(link_json.dump(link), "utf-8")
    aws = Answers()
    secret = {"eng": {"kind": "token", "webhook_secret": "j"}, "it": {"webhook_secret": "s"}}
    aws.given = [(200, {"SecretString": json.dumps(secret)}), (200, {}), (200, {})]
    environment = {
        "PYTHONPATH": str(ROOT / "shared"),
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": aws.url,
        "POWERTOOLS_TRACE_DISABLED": "true",
        "TIELINE_TABLE": "tieline",
        "TIELINE_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/tieline.fifo",
        "TIELINE_SECRET": f"tieline/{NAME}",
    }
    try:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "app.py")],
            input=json.dumps([jira_event(), servicenow_event()]),
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        aws.close()
    assert json.loads(run.stderr) == [[202, 202], []], run.stdout
    sent = [json.loads(body["MessageBody"]) for _, body in aws.asked[1:]]
    assert [(message["side"], message["id"]) for message in sent] == [
        ("eng", "10001"),
        ("it", "a" * 32),
    ]
