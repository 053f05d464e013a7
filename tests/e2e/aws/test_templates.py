"""What the templates say, held against what the code needs and what keeps links apart."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from support.built import ROOT

from tieline.runtime.entry import kind_of
from tieline.runtime.telemetry import Telemetry
from tieline_ops import cloudformation as cfn
from tieline_ops import scaffold
from tieline_ops.link_folder import load

TEMPLATE = cfn.read(ROOT / "template.yaml")
LINK = cfn.read(ROOT / "infra" / "link.yaml")
SHARED = ROOT / "shared" / "tieline"

WILDCARDS = {"Traces": "X-Ray's two Put actions know no resources"}
"""Statements that may name `*`, each with its reason."""


def one(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = cfn.of_type(template, kind).values()
    return found


def statements() -> Iterator[dict[str, Any]]:
    for policy in one(LINK, "AWS::IAM::Role")["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# ---- links ----


def test_every_link_folder_has_one_stanza_and_no_stanza_is_without_a_folder() -> None:
    stanzas = cfn.of_type(TEMPLATE, "AWS::Serverless::Application").values()
    named = sorted(stanza["Parameters"]["Link"] for stanza in stanzas)
    assert named == sorted(p.parent.name for p in (ROOT / "functions").glob("*/link.yaml"))
    assert {stanza["Location"] for stanza in stanzas} == {"infra/link.yaml"}


def test_a_stanza_gives_every_parameter_that_has_no_default_and_none_that_is_unknown() -> None:
    needed = {name for name, p in LINK["Parameters"].items() if "Default" not in p}
    for stanza in cfn.of_type(TEMPLATE, "AWS::Serverless::Application").values():
        assert needed <= set(stanza["Parameters"]) <= set(LINK["Parameters"])


def test_a_link_has_the_layer_that_signs_where_a_side_may_sign_and_only_there() -> None:
    importing = {
        path.relative_to(SHARED / "connectors").parts[0]
        for path in (SHARED / "connectors").glob("*/*.py")
        if "tieline.connectors.jwt" in path.read_text("utf-8")
    }
    assert importing == {name.replace("-", "_") for name in scaffold.SIGNING}
    for stanza in cfn.of_type(TEMPLATE, "AWS::Serverless::Application").values():
        loaded = load(ROOT / "functions" / stanza["Parameters"]["Link"])
        assert loaded.link is not None
        may_sign = bool({s.system for s in loaded.link.sides.values()} & scaffold.SIGNING)
        assert ("Signing" in stanza["Parameters"]) == may_sign


def test_a_further_api_is_the_first_ones_like() -> None:
    further = cfn.read(ROOT / "infra" / "api.yaml")
    first, other = (
        one(TEMPLATE, "AWS::ApiGatewayV2::Stage"),
        one(further, "AWS::ApiGatewayV2::Stage"),
    )
    assert first == other
    for name in ("RequestsPerSecond", "RequestBurst", "LogDays"):
        assert further["Parameters"][name]["Default"] == TEMPLATE["Parameters"][name]["Default"]
    for kind in ("AWS::ApiGatewayV2::Api", "AWS::Logs::LogGroup"):
        assert {**one(further, kind), "Name": ""} == {**one(TEMPLATE, kind), "Name": ""}


def test_a_parameter_has_the_same_default_in_both_templates() -> None:
    for name in set(LINK["Parameters"]) & set(TEMPLATE["Parameters"]):
        assert LINK["Parameters"][name].get("Default") == TEMPLATE["Parameters"][name]["Default"]


def test_the_environment_has_what_the_code_reads() -> None:
    given = set(one(LINK, "AWS::Serverless::Function")["Environment"]["Variables"])
    text = "".join(p.read_text("utf-8") for p in SHARED.rglob("*.py"))
    read = set(re.findall(r'environ(?:\.get\(|\[)"([A-Z_]+)"', text))
    # Lambda itself gives its functions those that begin so, and lets nobody else set them.
    read = {name for name in read if not name.startswith(("AWS_", "_X_AMZN_"))}
    assert read
    assert read <= given


# ---- permissions ----


@pytest.mark.parametrize("statement", list(statements()), ids=lambda s: s["Sid"])
def test_a_permission_names_its_actions_and_its_resources(statement: dict[str, Any]) -> None:
    assert statement["Effect"] == "Allow"
    assert not [action for action in listed(statement["Action"]) if "*" in action]
    whole = "*" in listed(statement["Resource"])
    assert whole == (statement["Sid"] in WILDCARDS), statement["Sid"]


@pytest.mark.parametrize("statement", list(statements()), ids=lambda s: s["Sid"])
def test_a_permission_reaches_nothing_of_another_link(statement: dict[str, Any]) -> None:
    if statement["Sid"] in WILDCARDS:
        return
    own = {"Function", "Queue", "Log"}
    if all(a.startswith("dynamodb:") for a in listed(statement["Action"])):
        condition = statement["Condition"]
        keys = condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        assert keys == [{"Fn::Sub": "${Link}#*"}]
        # ForAllValues is true of no keys at all, so they must be there.
        assert condition["Null"] == {"dynamodb:LeadingKeys": "false"}
        return
    for resource in listed(statement["Resource"]):
        if "Fn::GetAtt" in resource:
            assert resource["Fn::GetAtt"][0] in own
        else:
            name = resource["Fn::Sub"].rsplit("secret:", 1)[-1].rsplit("log-group:", 1)[-1]
            # The name, and then only what AWS itself adds to it.
            assert re.fullmatch(r"(tieline/|/aws/lambda/tieline-)\$\{Link\}(-\?{6}|:\*)", name)


CALLS = {"get_item", "put_item", "delete_item", "query", "update_item", "transact_write_items"} | {
    "batch_get_item",
    "batch_write_item",
    "scan",
    "send_message",
    "send_message_batch",
    "change_message_visibility",
    "get_queue_attributes",
    "get_secret_value",
    "put_secret_value",
}
ACTIONS = {
    "send_message": "sqs:SendMessage",
    "send_message_batch": "sqs:SendMessage",
    "change_message_visibility": "sqs:ChangeMessageVisibility",
    "get_queue_attributes": "sqs:GetQueueAttributes",
    "get_secret_value": "secretsmanager:GetSecretValue",
    "put_secret_value": "secretsmanager:PutSecretValue",
    "get_item": "dynamodb:GetItem",
    "batch_get_item": "dynamodb:BatchGetItem",
    "put_item": "dynamodb:PutItem",
    "delete_item": "dynamodb:DeleteItem",
    "update_item": "dynamodb:UpdateItem",
    "query": "dynamodb:Query",
}
MADE_BY_LAMBDA = {"sqs:ReceiveMessage", "sqs:DeleteMessage"}
OF_TRANSACTIONS = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"} | {
    "ConditionCheck": "ConditionCheckItem"
}


def test_the_function_may_do_what_its_code_calls_and_no_more() -> None:
    called: set[str] = set()
    written: set[str] = set()
    for source in SHARED.rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in CALLS:
                called.add(node.attr)
            if isinstance(node, ast.Dict) and "state" in source.parts:
                keys = {k.value for k in node.keys if isinstance(k, ast.Constant)}
                written |= {f"dynamodb:{OF_TRANSACTIONS[k]}" for k in keys & set(OF_TRANSACTIONS)}
    granted = {
        action
        for s in statements()
        for action in listed(s["Action"])
        if action.split(":")[0] in {"sqs", "dynamodb", "secretsmanager"}
    }
    called.discard("transact_write_items")
    assert granted - MADE_BY_LAMBDA == {ACTIONS[call] for call in called} | written


@pytest.mark.parametrize("permission", ["FromSchedule", "FromApi"])
def test_only_its_own_schedule_and_its_own_route_may_invoke_a_function(permission: str) -> None:
    source = LINK["Resources"][permission]["Properties"]["SourceArn"]
    if permission == "FromSchedule":
        assert source == {"Fn::GetAtt": ["Schedule", "Arn"]}
    else:
        assert source["Fn::Sub"].endswith(":${Api}/*/POST/${Link}/*")


# ---- the queue ----


def test_a_message_stays_hidden_for_six_timeouts_and_dies_after_five_tries() -> None:
    queue = LINK["Resources"]["Queue"]["Properties"]
    timeout = one(LINK, "AWS::Serverless::Function")["Timeout"]
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}


def test_both_queues_are_fifo_and_encrypted_and_keep_what_they_hold_for_two_weeks() -> None:
    for queue in cfn.of_type(LINK, "AWS::SQS::Queue").values():
        assert queue["FifoQueue"] is True
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert queue["QueueName"]["Fn::Sub"].endswith(".fifo")


def test_one_failed_message_does_not_bring_back_its_whole_batch() -> None:
    mapping = one(LINK, "AWS::Lambda::EventSourceMapping")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert "MaximumConcurrency" in mapping["ScalingConfig"]


def test_the_schedule_sends_what_the_handler_takes_for_a_poll() -> None:
    (target,) = one(LINK, "AWS::Events::Rule")["Targets"]
    assert kind_of(json.loads(target["Input"])) == "schedule"


# ---- the table ----


def test_the_table_survives_its_stack_and_can_go_back_in_time() -> None:
    table = TEMPLATE["Resources"]["Table"]
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    properties = table["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}


def test_the_indexes_are_those_that_the_store_asks_and_hold_keys_only() -> None:
    indexes = TEMPLATE["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
    keys = {i["IndexName"]: [k["AttributeName"] for k in i["KeySchema"]] for i in indexes}
    assert keys == {
        "due": ["due_pk", "due_at"],
        "parked": ["parked_pk", "parked_at"],
        "twins": ["twins_pk", "sk"],
    }
    assert {i["Projection"]["ProjectionType"] for i in indexes} == {"KEYS_ONLY"}
    granted = next(s for s in statements() if s["Sid"] == "OwnItemsByIndex")["Resource"]
    assert {r["Fn::Sub"].rsplit("/", 1)[1] for r in granted} == set(keys)


# ---- who is told ----


def test_every_alarm_tells_the_topic_and_is_quiet_when_nothing_happens() -> None:
    alarms = [*cfn.of_type(LINK, "AWS::CloudWatch::Alarm").values()]
    alarms += cfn.of_type(TEMPLATE, "AWS::CloudWatch::Alarm").values()
    for alarm in alarms:
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]


def test_late_dead_parked_paused_failing_and_polls_that_fail_each_have_an_alarm() -> None:
    link = {a["MetricName"] for a in cfn.of_type(LINK, "AWS::CloudWatch::Alarm").values()}
    root = {a["MetricName"] for a in cfn.of_type(TEMPLATE, "AWS::CloudWatch::Alarm").values()}
    assert link == {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"}
    assert root == {"PausedSides", "ParkedAnywhere", "PollsFailedAnywhere", "Failures"}


def test_metrics_of_the_log_are_those_that_the_alarms_of_all_links_watch() -> None:
    made = {
        (t["MetricNamespace"], t["MetricName"])
        for f in cfn.of_type(LINK, "AWS::Logs::MetricFilter").values()
        for t in f["MetricTransformations"]
    }
    watched = {
        (a["Namespace"], a["MetricName"])
        for a in cfn.of_type(TEMPLATE, "AWS::CloudWatch::Alarm").values()
        if "Dimensions" not in a
    }
    assert made == watched


@pytest.mark.parametrize("metric", ["ParkedTwins", "PollsFailed"])
def test_a_filter_on_a_metric_reads_it_as_the_runtime_writes_it(
    metric: str, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry = Telemetry("a-link")
    for _ in range(2):
        telemetry.count(metric)
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    patterns = [f["FilterPattern"] for f in cfn.of_type(LINK, "AWS::Logs::MetricFilter").values()]
    # The pattern reads a list of values in the metric's line.
    assert f"{{ $.{metric}[0] > 0 }}" in patterns
    assert [line[metric][0] for line in lines if metric in line] == [1.0]


def test_the_paused_alarm_watches_the_metric_as_the_runtime_writes_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry = Telemetry("a-link")
    telemetry.paused()
    telemetry.flush()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    written = [
        (emf["Namespace"], metric["Name"], tuple(sorted(names)))
        for line in lines
        for emf in line["_aws"]["CloudWatchMetrics"]
        for metric in emf["Metrics"]
        for names in emf["Dimensions"]
    ]
    alarm = TEMPLATE["Resources"]["SidePaused"]["Properties"]
    dimensions = tuple(sorted(d["Name"] for d in alarm["Dimensions"]))
    assert (alarm["Namespace"], alarm["MetricName"], dimensions) in written
    assert all(d["Value"] in json.dumps(lines) for d in alarm["Dimensions"])


def test_the_dashboard_is_json_and_asks_for_metrics_by_the_dimensions_that_are_written() -> None:
    body = json.loads(TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    asked = [
        metric["expression"]
        for widget in body["widgets"]
        for (metric,) in widget["properties"].get("metrics", [])
    ]
    assert len(asked) >= 6
    for expression in asked:
        schema = re.match(
            r"SEARCH\('\{([^}]+)\}|SELECT \w+\(\w+\) FROM SCHEMA\(([^)]+)\)", expression
        )
        assert schema, expression
        assert (schema[1] or schema[2]).replace(" ", "") in {
            "Tieline,link,service",
            "AWS/SQS,QueueName",
            "AWS/Lambda,FunctionName",
        }


# ---- the API ----


def test_the_api_is_throttled_and_its_log_holds_no_header_query_or_body() -> None:
    stage = one(TEMPLATE, "AWS::ApiGatewayV2::Stage")
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(stage["DefaultRouteSettings"])
    fields = set(re.findall(r"\$context\.([\w.]+)", stage["AccessLogSettings"]["Format"]))
    assert fields <= {
        "requestId",
        "requestTime",
        "identity.sourceIp",
        "routeKey",
        "status",
        "responseLength",
        "integrationLatency",
        "error.message",
    }
    json.loads(re.sub(r"\$context\.[\w.]+", "x", stage["AccessLogSettings"]["Format"]))


def test_every_log_is_thrown_away_some_day() -> None:
    for template in (TEMPLATE, LINK):
        for group in cfn.of_type(template, "AWS::Logs::LogGroup").values():
            assert group["RetentionInDays"] == {"Ref": "LogDays"}
