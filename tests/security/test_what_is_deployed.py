"""What the templates open to whom, and that no secret stands in them or in an environment."""

import ast
import json
import re

import pytest
from support.built import ROOT

from tieline_ops import cloudformation as cfn

TEMPLATES = {path: cfn.read(ROOT / path) for path in ("template.yaml", "infra/link.yaml")}
DEPLOYED = [
    ROOT / "template.yaml",
    ROOT / "samconfig.toml",
    *(ROOT / "infra").glob("*.yaml"),
    *(p for p in (ROOT / "functions").rglob("*") if p.suffix in {".py", ".yaml", ".json"}),
]
SECRET_WORDS = re.compile(
    r"(?i)\b\w*(password|passwd|token|api_?key|client_secret|webhook_secret|private_key)\w*\b\s*[:=]"
)
SECRET_FORMS = re.compile(
    r"AKIA[0-9A-Z]{16}|-----BEGIN|ATATT[\w-]{20}|xox[bp]-|gh[pousr]_\w{30}|eyJ[\w-]{20,}\.|"
    r"[A-Za-z0-9+/]{40,}={1,2}|\b[0-9a-f]{40,}\b"
)
ENVIRONMENT = {
    "TIELINE_TABLE",
    "TIELINE_QUEUE_URL",
    "TIELINE_SECRET",
    "POWERTOOLS_SERVICE_NAME",
    "POWERTOOLS_METRICS_NAMESPACE",
    "POWERTOOLS_LOG_LEVEL",
    "POWERTOOLS_TRACER_CAPTURE_RESPONSE",
    "POWERTOOLS_TRACER_CAPTURE_ERROR",
    "POWERTOOLS_TRACE_DISABLED",
    "PYDANTIC_DISABLE_PLUGINS",
}
WILD = {
    "Traces": "X-Ray's two Put actions know no resources, so AWS takes nothing but `*`",
    "OwnSecret": "Secrets Manager ends each ARN with a hyphen and six characters of its own",
    "OwnLog": "the streams of a log group are named by Lambda, behind the group's own ARN",
}
"""Statements whose resources are not named to the last character, each with its reason."""
ENDS = {"Traces": r"\*", "OwnSecret": r".*:secret:tieline/\$\{Link\}-\?{6}"} | {
    "OwnLog": r".*:log-group:/aws/lambda/tieline-\$\{Link\}:\*"
}
"""How much of them is left open: the least that AWS takes."""


def resources(kind):
    for path, template in TEMPLATES.items():
        for name, properties in cfn.of_type(template, kind).items():
            yield f"{path} {name}", properties


def listed(value):
    return value if isinstance(value, list) else [value]


def statements():
    for path, template in TEMPLATES.items():
        waiting = [(path, template["Resources"])]
        while waiting:
            where, value = waiting.pop()
            if isinstance(value, dict):
                if "Statement" in value:
                    for statement in value["Statement"]:
                        yield where, statement
                waiting += [(f"{where}/{key}", inner) for key, inner in value.items()]
            elif isinstance(value, list):
                waiting += [(f"{where}[{n}]", inner) for n, inner in enumerate(value)]


STATEMENTS = list(statements())


@pytest.mark.threat("deployed-open")
def test_there_are_statements_of_every_kind_to_look_at():
    assert len(STATEMENTS) >= 8
    assert {statement["Effect"] for _, statement in STATEMENTS} == {"Allow", "Deny"}


@pytest.mark.threat("deployed-open")
@pytest.mark.parametrize("statement", [s for _, s in STATEMENTS], ids=[w for w, _ in STATEMENTS])
def test_no_policy_allows_everybody_or_everything(statement):
    if statement["Effect"] == "Deny":
        return
    assert {"NotAction", "NotResource", "NotPrincipal"}.isdisjoint(statement)
    assert statement.get("Principal") != "*"
    assert statement.get("Principal", {}) in ({}, {"Service": "lambda.amazonaws.com"})
    for action in listed(statement["Action"]):
        assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action)
    for resource in listed(statement.get("Resource", [])):
        named = resource if isinstance(resource, str) else resource.get("Fn::Sub", "")
        if re.search(r"[*?]", named):
            assert re.fullmatch(ENDS[statement["Sid"]], named), named
        if "Fn::Sub" in resource:
            # The region and the account are this one's, and no service's name is left open.
            assert "${AWS::Region}:${AWS::AccountId}:" in resource["Fn::Sub"]


@pytest.mark.threat("deployed-open")
def test_each_resource_that_is_left_open_has_a_reason_and_each_reason_a_resource():
    left_open = {
        statement["Sid"]
        for _, statement in STATEMENTS
        if statement["Effect"] == "Allow"
        and re.search(r"[*?]", json.dumps(statement.get("Resource", [])))
    }
    assert left_open == set(WILD) == set(ENDS)
    assert all(len(reason) > 20 for reason in WILD.values())


@pytest.mark.threat("deployed-open")
def test_a_condition_with_a_pattern_names_the_link():
    """A pattern in a condition is a wildcard, too: `${Link}#*` is what LeadingKeys can be told."""
    for where, statement in STATEMENTS:
        patterns = re.findall(r'"([^"]*[*?][^"]*)"', json.dumps(statement.get("Condition", {})))
        assert set(patterns) <= {"${Link}#*"}, where


@pytest.mark.threat("deployed-open")
@pytest.mark.parametrize("sid", ["OwnItems", "OwnItemsByIndex"])
def test_a_link_reaches_the_items_under_its_own_name_alone(sid):
    (found,) = [s for _, s in STATEMENTS if s.get("Sid") == sid]
    keys = found["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert keys == [{"Fn::Sub": "${Link}#*"}]
    assert found["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}


@pytest.mark.threat("deployed-open")
def test_a_role_has_nothing_but_the_policy_that_is_written_here():
    for where, role in resources("AWS::IAM::Role"):
        assert set(role) == {"AssumeRolePolicyDocument", "Policies"}, where
    for where, function in resources("AWS::Serverless::Function"):
        assert {"Policies", "FunctionUrlConfig", "Events"}.isdisjoint(function), where


@pytest.mark.threat("deployed-open")
def test_nothing_is_open_but_the_api():
    kinds = {r["Type"] for t in TEMPLATES.values() for r in t["Resources"].values()}
    assert {"AWS::Lambda::Url", "AWS::S3::Bucket", "AWS::SNS::TopicPolicy"}.isdisjoint(kinds)
    for where, permission in resources("AWS::Lambda::Permission"):
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission["SourceArn"], where
        assert permission["Principal"] in {"events.amazonaws.com", "apigateway.amazonaws.com"}
    for where, route in resources("AWS::ApiGatewayV2::Route"):
        assert route["RouteKey"] == {"Fn::Sub": "POST /${Link}/{side}"}, where


@pytest.mark.threat("deployed-open")
def test_the_api_is_throttled_and_each_request_to_it_is_logged():
    ((_, stage),) = resources("AWS::ApiGatewayV2::Stage")
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(stage["DefaultRouteSettings"])
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["AccessLog", "Arn"]}
    words = stage["AccessLogSettings"]["Format"]
    assert not re.search(r"header|query|body|authorizer|\.path\b", words, re.IGNORECASE)


@pytest.mark.threat("deployed-open")
def test_a_domain_of_ones_own_speaks_modern_tls_alone():
    ((_, domain),) = resources("AWS::ApiGatewayV2::DomainName")
    for configuration in domain["DomainNameConfigurations"]:
        assert configuration["SecurityPolicy"] == "TLS_1_2"


@pytest.mark.threat("deployed-store")
def test_what_is_stored_is_encrypted_and_can_go_back_in_time():
    ((_, table),) = resources("AWS::DynamoDB::Table")
    # Without SSESpecification a table is encrypted by the key that AWS owns.
    assert table.get("SSESpecification", {}).get("SSEEnabled", True) is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    queues = dict(resources("AWS::SQS::Queue"))
    assert len(queues) == 2
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] is True
    ((_, policy),) = resources("AWS::SQS::QueuePolicy")
    (only,) = policy["PolicyDocument"]["Statement"]
    assert only["Effect"] == "Deny"
    assert only["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(policy["Queues"]) == 2


@pytest.mark.threat("deployed-store")
def test_every_log_ends_some_day_and_every_function_writes_to_one_of_them():
    for where, group in resources("AWS::Logs::LogGroup"):
        assert group["RetentionInDays"] == {"Ref": "LogDays"}, where
    for where, function in resources("AWS::Serverless::Function"):
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": "Log"}, where
        assert function["LoggingConfig"]["ApplicationLogLevel"] == "INFO"


@pytest.mark.threat("deployed-secret")
def test_an_environment_holds_names_and_no_secret():
    for where, function in resources("AWS::Serverless::Function"):
        variables = function["Environment"]["Variables"]
        assert set(variables) == ENVIRONMENT, where
        assert variables["TIELINE_SECRET"] == {"Fn::Sub": "tieline/${Link}"}
        text = json.dumps(variables)
        assert "resolve:" not in text
        assert not SECRET_FORMS.search(text)


@pytest.mark.threat("deployed-secret")
def test_no_template_takes_a_secret_as_a_parameter_or_makes_one():
    for path, template in TEMPLATES.items():
        for name, parameter in template["Parameters"].items():
            assert not SECRET_WORDS.search(f"{name}:"), f"{path} {name}"
            assert "NoEcho" not in parameter, f"{path} {name}"
        text = (ROOT / path).read_text("utf-8")
        assert "AWS::SecretsManager::Secret\n" not in text
        assert "{{resolve:" not in text


@pytest.mark.threat("deployed-secret")
@pytest.mark.parametrize("path", DEPLOYED, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_that_is_deployed_holds_a_secret(path):
    text = path.read_text("utf-8")
    assert not SECRET_FORMS.search(text)
    assert not SECRET_WORDS.search(text)


@pytest.mark.threat("deployed-secret")
def test_the_code_reads_no_secret_from_its_environment():
    read = set()
    for source in (ROOT / "shared" / "tieline").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                read |= set(re.findall(r"\b(?:TIELINE|AWS)_[A-Z_]+\b", node.value))
    # Lambda gives a function its role's short-lived credentials there; the rest are names.
    role = {
        "AWS_ENDPOINT_URL_SECRETS_MANAGER",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
    }
    assert {name for name in read if re.search("SECRET|TOKEN|KEY|PASSWORD", name)} <= {
        "TIELINE_SECRET",
        *role,
    }


@pytest.mark.threat("deployed-secret")
def test_the_scan_for_secrets_finds_one():
    assert SECRET_WORDS.search("  webhook_secret: hush")
    assert SECRET_WORDS.search('API_TOKEN = "x"')
    assert SECRET_FORMS.search("key AKIAABCDEFGHIJKLMNOP")
    assert SECRET_FORMS.search("ghp_" + "a" * 36)
