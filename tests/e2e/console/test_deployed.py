"""The console in AWS: what it may do, that it is whole, and that signed requests alone reach it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from flask import Flask, Response, request
from moto import mock_aws
from support.desk import LINK, ROOT

from tieline.runtime.message import Message
from tieline.runtime.wiring import utc_now
from tieline_ops import cloudformation as cfn
from tieline_ops.cli import main
from tieline_ops.console import lambda_handler, packing
from tieline_ops.console.guard import TOKEN, Guard
from tieline_ops.console.signing_proxy import Signer, proxy_app, region_of
from tieline_ops.local.gateway import api_event
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.server import serve
from tieline_ops.trouble import Trouble

TEMPLATE = cfn.read(ROOT / "infra" / "console.yaml")
OURS = Credentials("AKID", "made-up")
REGION = "eu-central-1"


def statements() -> list[dict[str, Any]]:
    (role,) = cfn.of_type(TEMPLATE, "AWS::IAM::Role").values()
    return [s for policy in role["Policies"] for s in policy["PolicyDocument"]["Statement"]]


def test_the_deployed_console_may_invoke_functions_and_replay_dead_letters_and_nothing_else() -> (
    None
):
    of = {statement["Sid"]: statement for statement in statements()}
    assert of.keys() == {"LinksFunctions", "LinksQueues", "LinksDeadLetters", "OwnLog"}
    assert of["LinksFunctions"]["Action"] == "lambda:InvokeFunction"
    assert of["LinksFunctions"]["Resource"] == {"Ref": "Functions"}
    assert of["LinksQueues"]["Resource"] == {"Ref": "Queues"}
    assert "sqs:SendMessage" in of["LinksQueues"]["Action"]
    assert "sqs:ReceiveMessage" not in of["LinksQueues"]["Action"]
    assert of["LinksDeadLetters"]["Resource"] == {"Ref": "DeadLetters"}
    assert "sqs:SendMessage" not in of["LinksDeadLetters"]["Action"]
    assert of["OwnLog"]["Resource"]["Fn::Sub"].endswith(":log-group:/aws/lambda/tieline-console:*")


def test_the_deployed_console_takes_signed_requests_only() -> None:
    (function,) = cfn.of_type(TEMPLATE, "AWS::Serverless::Function").values()
    assert function["FunctionUrlConfig"] == {"AuthType": "AWS_IAM"}
    assert not cfn.of_type(TEMPLATE, "AWS::Lambda::Permission")
    assert "Events" not in function


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("packed") / "console"
    os.environ.setdefault("UV", str(ROOT / ".venv" / "bin" / "uv"))
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packing.pack(ROOT, target, version, "x86_64")
    return target


def test_what_is_packed_answers_without_the_developers_side(packed: Any) -> None:
    (function,) = cfn.of_type(TEMPLATE, "AWS::Serverless::Function").values()
    module, _, name = function["Handler"].rpartition(".")
    assert not (packed / "tieline_ops" / "sandbox").exists()
    asked = (
        "import json, sys; sys.path.insert(0, sys.argv[1]);"
        f"from {module} import {name} as handler;"
        "event = {'requestContext': {'http': {'method': 'GET'}}, 'headers': {'host': 'x'}};"
        "print(json.dumps([handler({**event, 'rawPath': p}, None) for p in sys.argv[2:]]))"
    )
    paths = ("/", "/static/main.js", "/static/views/mesh.js", "/api/session", "/none")
    done = subprocess.run(
        [sys.executable, "-c", asked, str(packed), *paths],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    )
    answers = json.loads(done.stdout)
    assert [answer["statusCode"] for answer in answers] == [200, 200, 200, 200, 404]
    assert all("Content-Security-Policy" in answer["headers"] for answer in answers)


@pytest.fixture
def deployed(stack, address, monkeypatch, tmp_path) -> Iterator[str]:
    """A function URL as AWS has it: refuses what is not signed by us, else invokes the handler.

    The handler's own calls of AWS go to the local stack, which speaks as AWS does.
    """
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / LINK).symlink_to(ROOT / "functions" / LINK)
    for name, value in {
        "AWS_ENDPOINT_URL": stack.aws.url,
        "AWS_ENDPOINT_URL_LAMBDA": stack.gateway.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    app = Flask("function-url", static_folder=None)
    console = lambda_handler.app(tmp_path)

    @app.route("/", defaults={"path": ""}, methods=["GET", "POST"])
    @app.route("/<path:path>", methods=["GET", "POST"])
    def answer(path: str) -> Response:
        if not signed():
            return Response('{"Message":"Forbidden"}', 403)
        event = api_event(
            request.method, request.full_path, list(request.headers), request.get_data(), "", {}
        )
        event["requestContext"]["http"] = {"method": request.method}
        told = lambda_handler.answered(console, event)
        body = base64.b64decode(told["body"])
        return Response(body, told["statusCode"], headers=told["headers"])

    with serve(app) as served:
        yield served.url


def signed() -> bool:
    """Whether the signature is that of our credentials over what came (SigV4)."""
    given = request.headers.get("Authorization", "")
    again = AWSRequest(request.method, request.url, data=request.get_data())
    for name in given.partition("SignedHeaders=")[2].partition(",")[0].split(";"):
        if name and name != "host":
            again.headers[name] = request.headers.get(name, "")
    again.context["timestamp"] = request.headers.get("X-Amz-Date", "")
    signer = SigV4Auth(OURS, "lambda", REGION)
    text = signer.string_to_sign(again, signer.canonical_request(again))
    return given.endswith(f"Signature={signer.signature(text, again)}")


def died(stack: LocalStack) -> None:
    """A message as one that a function failed on five times."""
    message = Message(LINK, "eng", "10001", "webhook", utc_now())
    stack.aws.client("sqs").send_message(
        QueueUrl=stack.links[LINK].queues.dead_url,
        MessageBody=message.to_json(),
        MessageGroupId=message.group,
        MessageDeduplicationId="died",
    )


def test_a_browser_uses_the_deployed_page_through_the_proxy_that_signs(
    stack: LocalStack, deployed: str
) -> None:
    assert requests.get(f"{deployed}/api/session", timeout=10).status_code == 403
    guard = Guard(key="sesame")
    with serve(proxy_app(Signer(deployed, REGION, OURS), guard)) as proxy:
        assert requests.get(f"{proxy.url}/", timeout=10).status_code == 401
        browser = requests.Session()
        page = browser.get(f"{proxy.url}/?key=sesame", timeout=10)
        assert page.status_code == 200
        assert "/static/main.js" in page.text
        session = browser.get(f"{proxy.url}/api/session", timeout=10).json()
        assert (session["where"], session["links"]) == ("AWS", [LINK])
        assert session["token"] == guard.token
        mesh = browser.get(f"{proxy.url}/api/mesh", timeout=30).json()
        (one,) = mesh["links"]
        assert (one["link"], one["health"], one["dead"]) == (LINK, "ok", 0)
        resume = f"{proxy.url}/api/links/{LINK}/resume"
        assert browser.post(resume, json={}, timeout=10).status_code == 403
        right = {TOKEN: session["token"]}
        answer = browser.post(resume, json={"side": "eng"}, headers=right, timeout=30)
        assert answer.json()["sides"]["eng"]["resumed"]
        died(stack)
        (error,) = browser.get(f"{proxy.url}/api/errors", timeout=30).json()["errors"]
        assert (error["what"], error["link"]) == ("dead letter", LINK)
        replay = f"{proxy.url}/api/links/{LINK}/replay"
        answer = browser.post(replay, json={}, headers=right, timeout=30)
        assert (answer.status_code, answer.json()) == (200, {"replayed": 1, "left": 0})
        assert browser.get(f"{proxy.url}/api/errors", timeout=30).json()["errors"] == []


def test_its_rights_name_the_functions_and_queues_of_the_links_that_are_deployed(tmp_path) -> None:
    for name in ("jira-servicenow", "not-deployed"):
        (tmp_path / "functions" / name).mkdir(parents=True)
        (tmp_path / "functions" / name / "link.yaml").touch()
    with mock_aws():
        role = {"Version": "2012-10-17", "Statement": []}
        iam = boto3.client("iam", REGION)
        arn = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(role))["Role"][
            "Arn"
        ]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_DEFAULT_REGION", REGION)
            with pytest.raises(SystemExit, match="none of the links is deployed"):
                packing.rights(tmp_path)
            boto3.client("lambda").create_function(
                FunctionName="tieline-jira-servicenow",
                Runtime="python3.13",
                Role=arn,
                Handler="app.handler",
                Code={"ImageUri": "made-up"},
                PackageType="Image",
            )
            told = packing.rights(tmp_path)
    ours = f"{REGION}:123456789012:"
    assert told.split() == [
        f"Functions=arn:aws:lambda:{ours}function:tieline-jira-servicenow",
        f"Queues=arn:aws:sqs:{ours}tieline-jira-servicenow.fifo",
        f"DeadLetters=arn:aws:sqs:{ours}tieline-jira-servicenow-dead.fifo",
    ]


def test_another_signature_is_refused(deployed: str) -> None:
    signer = Signer(deployed, REGION, Credentials("AKID", "another"))
    assert signer.send("GET", "/api/session", b"").status_code == 403


def test_a_region_is_read_from_a_function_url_and_nothing_else() -> None:
    assert region_of("https://abc123.lambda-url.eu-west-1.on.aws") == "eu-west-1"
    for wrong in ("https://evil.example", "http://a.lambda-url.eu-west-1.on.aws"):
        with pytest.raises(Trouble):
            region_of(wrong)


def test_the_command_prints_where_the_local_stacks_console_is(
    address: str, tmp_path: Any, monkeypatch: Any, capsys: Any
) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / ".state").mkdir()
    (tmp_path / ".state/local.json").write_text(json.dumps({"console": address}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["console", "--json"])
    assert ended.value.code == 0
    assert json.loads(capsys.readouterr().out) == {"console": address}


def test_the_command_serves_the_page_over_deployed_functions_behind_a_key(
    stack: Any, tmp_path: Any
) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / LINK).symlink_to(ROOT / "functions" / LINK)
    local = {
        "AWS_ENDPOINT_URL": stack.aws.url,
        "AWS_ENDPOINT_URL_LAMBDA": stack.gateway.url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    called = [sys.executable, "-m", "tieline_ops", "--project", str(tmp_path), "console"]
    started = subprocess.Popen(
        [*called, "--no-open"],
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'shared'}:{ROOT / 'infra'}"}
        | local,
    )
    try:
        assert started.stdout is not None
        url = started.stdout.readline().strip()
        browser = requests.Session()
        assert requests.get(url.partition("?")[0], timeout=10).status_code == 401
        assert browser.get(url, timeout=10).status_code == 200
        mesh = browser.get(f"{url.partition('?')[0]}api/mesh", timeout=30).json()
        (one,) = mesh["links"]
        assert (one["link"], one["health"], one["dead"]) == (LINK, "ok", 0)
    finally:
        started.terminate()
        started.wait(10)
        assert started.stdout is not None
        started.stdout.close()
