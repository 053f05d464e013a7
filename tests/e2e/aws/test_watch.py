"""Alarms, metrics, saved queries: what the templates name, the code says, the docs explain."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from support.built import ROOT

from tieline.domain.twin import PLANNED
from tieline_ops import cloudformation as cfn

TEMPLATE = cfn.read(ROOT / "template.yaml")
LINK = cfn.read(ROOT / "infra" / "link.yaml")
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
SOURCES = [p.read_text("utf-8") for p in (ROOT / "shared" / "tieline").rglob("*.py")]
ALARMS = [
    alarm
    for template in (TEMPLATE, LINK)
    for alarm in cfn.of_type(template, "AWS::CloudWatch::Alarm").values()
]
QUERIES = list(cfn.of_type(TEMPLATE, "AWS::Logs::QueryDefinition").values())
SAID_BY = {"info", "warn", "bug"}


def name_of(alarm: dict[str, Any]) -> str:
    name = alarm["AlarmName"]
    return str(name["Fn::Sub"] if isinstance(name, dict) else name).replace("${Link}", "<link>")


def body_of(dashboard: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])
    return found


def dashboards() -> list[dict[str, Any]]:
    return [
        body_of(one)
        for template in (TEMPLATE, LINK)
        for one in cfn.of_type(template, "AWS::CloudWatch::Dashboard").values()
    ]


def section(heading: str) -> str:
    """What stands under a heading of the third rank."""
    _, found, rest = PAGE.partition(f"\n### {heading}\n")
    assert found, heading
    return re.split(r"\n#{2,3} ", rest, maxsplit=1)[0]


# ---- alarms ----


@pytest.mark.parametrize("alarm", ALARMS, ids=name_of)
def test_every_alarm_has_a_runbook_that_says_when_it_is_over(alarm: dict[str, Any]) -> None:
    text = section(f"`{name_of(alarm)}`")
    for part in ("Means", "Look at", "Do", "Over"):
        assert f"* **{part}**: " in text, part
    verbs = re.findall(r"`tieline ([a-z]+)\b[^`/]*`", text)
    assert {"status", "errors", "check", "retry", "replay", "resume"} & set(verbs)


def test_every_runbook_is_of_an_alarm_that_there_is() -> None:
    headings = re.findall(r"^### `(tieline [^`]+)`$", PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(name_of(alarm) for alarm in ALARMS)


@pytest.mark.parametrize("alarm", ["SidePaused", "PollFails"])
def test_each_period_of_an_alarm_on_polls_holds_two_of_them(alarm: str) -> None:
    """Else the alarm is over while the side is paused, or its poll fails."""
    links = cfn.of_type(TEMPLATE, "AWS::Serverless::Application").values()
    every = [stanza["Parameters"].get("Every", {"Ref": "Every"}) for stanza in links]
    slowest = max(cfn.interval(str(cfn.default(TEMPLATE, one))) for one in every)
    period = TEMPLATE["Resources"][alarm]["Properties"]["Period"]
    assert period >= 2 * slowest.total_seconds()


def test_one_poll_that_fails_raises_no_alarm() -> None:
    assert TEMPLATE["Resources"]["PollFails"]["Properties"]["EvaluationPeriods"] == 2


@pytest.mark.parametrize("kind", ["credentials", "down", "throttled", "brake"])
def test_the_runbook_of_a_paused_side_says_what_to_do_for_each_kind(kind: str) -> None:
    assert f"`{kind}`" in section("`tieline a side is paused`").partition("**Do**")[2]


# ---- metrics ----


def emitted() -> set[str]:
    """The metrics that the code writes."""
    return set(re.findall(r'\.(?:count|seconds)\(\s*"([A-Z]\w+)"', "".join(SOURCES)))


def of_logs() -> set[str]:
    """The metrics that the log's filters make."""
    return {
        t["MetricName"]
        for f in cfn.of_type(LINK, "AWS::Logs::MetricFilter").values()
        for t in f["MetricTransformations"]
    }


def named() -> set[str]:
    """Every metric of ours that an alarm or a dashboard names."""
    found = {a["MetricName"] for a in ALARMS if a["Namespace"] == "Tieline"}
    for body in dashboards():
        text = json.dumps(body)
        found |= set(re.findall(r"SELECT \w+\((\w+)\) FROM SCHEMA\(Tieline\b", text))
        found |= set(re.findall(r'\["Tieline", "(\w+)"', text))
    return found


def test_every_metric_that_is_watched_is_written_and_explained() -> None:
    assert len(named()) > 8
    assert named() <= emitted() | of_logs()


def test_a_widget_asks_one_query() -> None:
    """CloudWatch, Metrics Insights quotas: one query in each GetMetricData, so in each widget."""
    for body in dashboards():
        for widget in body["widgets"]:
            assert json.dumps(widget).count("SELECT ") <= 1


def test_the_page_lists_every_metric_and_no_other() -> None:
    _, _, rest = PAGE.partition("\n## Metrics\n")
    rows = [line.split("|")[1] for line in rest.split("\n## ")[0].splitlines() if line[:3] == "| `"]
    assert {n for row in rows for n in re.findall(r"`(\w+)`", row)} == emitted() | of_logs()


def test_a_links_own_dashboard_costs_money_and_is_off_unless_asked_for() -> None:
    assert LINK["Parameters"]["Dashboard"]["Default"] == "none"
    own = LINK["Resources"]["OwnDashboard"]
    assert LINK["Conditions"][own["Condition"]] == {"Fn::Equals": [{"Ref": "Dashboard"}, "own"]}


def test_a_links_own_dashboard_names_its_metrics_as_they_are_written() -> None:
    (own,) = cfn.of_type(LINK, "AWS::CloudWatch::Dashboard").values()
    ours = [
        metric
        for widget in body_of(own)["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if metric[0] == "Tieline"
    ]
    assert len(ours) > 8
    assert all(metric[2:6] == ["link", "${Link}", "service", "tieline"] for metric in ours)


# ---- what a dashboard searches ----

SEARCH = re.compile(r"SEARCH\('\{([^}]+)\} (.*?)', '(\w+)', \d+\)")
TERM = re.compile(r'(NOT )?(\w+)=(?:"([^"]*)"|([\w-]+))')


def tokens(name: str) -> set[str]:
    """The parts of a name that a search knows, and the whole without what stands between them.

    Source: CloudWatch, Search expression syntax: a capital, a number and what is neither begin one.
    """
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+", name)
    return {"".join(parts).lower(), *(part.lower() for part in parts)}


def finds(expression: str, metric: dict[str, str]) -> bool:
    """Whether a search finds a metric: what is in quotes is the whole name, else one of its parts.

    Source: CloudWatch, Search expression examples: `InstanceType=micro`, `"t2.micro"`.
    """
    searched = SEARCH.fullmatch(expression)
    assert searched, expression
    assert TERM.sub("", searched[2]).strip() == "", expression
    return all(
        (metric.get(name) == exact if exact else part.lower() in tokens(metric.get(name, "")))
        != bool(negated)
        for negated, name, exact, part in TERM.findall(searched[2])
    )


def searches() -> list[str]:
    return [
        metric[0]["expression"]
        for body in dashboards()
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        if isinstance(metric[0], dict) and metric[0]["expression"].startswith("SEARCH")
    ]


def of_links(kind: str, name: str) -> list[str]:
    """The names that a link's stack gives its resources of a kind, for each link that is here."""
    links = sorted(p.parent.name for p in (ROOT / "functions").glob("*/link.yaml"))
    made = [one[name]["Fn::Sub"] for one in cfn.of_type(LINK, kind).values()]
    return [one.replace("${Link}", link) for link in links for one in made]


@pytest.mark.parametrize("expression", searches())
def test_a_widget_that_searches_finds_its_queues_or_functions_and_nobody_elses(
    expression: str,
) -> None:
    searched = SEARCH.fullmatch(expression)
    assert searched
    of, metric = searched[1].split(",")[1], re.findall(r'MetricName="(\w+)"', searched[2])
    if of == "QueueName":
        dead = "ApproximateNumberOfMessagesVisible" in metric
        every = of_links("AWS::SQS::Queue", "QueueName")
        wanted = [name for name in every if name.endswith("-dead.fifo") == dead]
    else:
        every = wanted = of_links("AWS::Serverless::Function", "FunctionName")
    assert len(wanted) > 8
    others = ["orders.fifo", "orders-dead.fifo", "orders", "mytieline"]
    metrics = [{of: name, "MetricName": metric[0]} for name in (*every, *others)]
    assert [m[of] for m in metrics if finds(expression, m)] == wanted


def test_a_name_in_quotes_is_searched_as_a_whole() -> None:
    metric = {"QueueName": "tieline-a-dead.fifo", "MetricName": "Errors"}
    assert tokens("Project2-trial333") == {"project2trial333", "project", "2", "trial", "333"}
    form = "SEARCH('{AWS/SQS,QueueName} %s', 'Sum', 300)"
    assert finds(form % "QueueName=tieline QueueName=dead", metric)
    assert not finds(form % 'QueueName="tieline"', metric)
    assert not finds(form % "QueueName=tieline NOT QueueName=dead", metric)


# ---- saved queries ----


def said() -> tuple[set[str], set[str]]:
    """The messages of the log, and the names of the facts beside them."""
    messages, facts = {"synced", "unchanged"}, {"lag_s", "change_id", "link", "level", "message"}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in SAID_BY:
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant):
                    messages.add(str(first.value))
                facts |= {str(k.arg) for k in node.keywords if k.arg}
    return messages, facts | {"error", "where"}


WORKING = ("worker", "births", "reconciler")
"""The modules whose functions say in a word what became of a message."""


def words_of(value: ast.expr | None) -> set[str]:
    """The words that an expression gives: a text, either of two, the first of a tuple, a name."""
    match value:
        case ast.Constant(value=str(word)):
            return {word}
        case ast.IfExp(body=one, orelse=other):
            return words_of(one) | words_of(other)
        case ast.Tuple(elts=[first, *_]):
            return words_of(first)
        case ast.Name(id="PLANNED"):
            return {PLANNED}
    return set()


def outcomes() -> set[str]:
    """What may become of a message, as the code says it in a line of the log."""
    found = set()
    for name in WORKING:
        tree = ast.parse((ROOT / "shared/tieline/runtime" / f"{name}.py").read_text("utf-8"))
        for function in ast.walk(tree):
            if not (isinstance(function, ast.FunctionDef) and function.returns):
                continue
            if not ast.unparse(function.returns).startswith(("str", "tuple[str, Twin")):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Return):
                    found |= words_of(node.value)
                if isinstance(node, ast.Assign) and "outcome" in ast.unparse(node.targets[0]):
                    found |= words_of(node.value)
    return found


def test_the_page_lists_every_message_of_the_log_and_no_other() -> None:
    _, _, rest = PAGE.partition("\n## Logs\n")
    text = rest.split("\n### Saved queries")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line[:3] == "| `"]
    listed = [n for row in rows for n in re.findall(r"`([^`]+)`", row)]
    assert {"noted", "put off", "gone once", "planned", "rerouted"} <= outcomes()
    assert sorted(listed) == sorted(said()[0] | outcomes() | {"bug"})


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q["Name"])
def test_a_saved_query_asks_for_what_is_logged_and_is_explained(query: dict[str, Any]) -> None:
    assert f"| `{query['Name']}` |" in PAGE
    messages, facts = said()
    text = "\n".join(line for line in query["QueryString"].splitlines() if line[:1] != "#")
    asked = set(re.findall(r'message = "([^"]+)"', text))
    assert asked <= messages
    made = set(re.findall(r" as (\w+)", text))
    words = set(re.findall(r"[a-z_]+", re.sub(r'"[^"]*"|@\w+|\bbin\(\w+\)', "", text)))
    syntax = {"fields", "filter", "sort", "limit", "stats", "by", "as", "asc", "desc", "in", "or"}
    functions = {"count", "latest", "pct", "max"}
    assert words - syntax - functions - made <= facts


def test_the_queries_answer_what_operators_ask() -> None:
    names = {str(q["Name"]).removeprefix("tieline/") for q in QUERIES}
    assert names == {
        "one ticket",
        "one change",
        "slowest changes",
        "errors by reason",
        "throttles by system",
        "cold starts",
    }
