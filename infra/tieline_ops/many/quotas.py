"""What a packaged project needs of AWS, held against AWS's quotas.

Sources are pages of AWS's own documentation: CloudFormation quotas; API Gateway, Quotas for HTTP
APIs; EventBridge quotas; IAM and STS quotas; Lambda quotas; CloudWatch and CloudWatch Logs service
quotas. Numbers are the defaults of most regions.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tieline_ops import cloudformation as cfn
from tieline_ops.apis import FIRST
from tieline_ops.project import LONGEST_NAME
from tieline_ops.scaffold import SIGNING

Template = Mapping[str, Any]
NESTED = "AWS::Serverless::Application"
ACCOUNT, REGION = "1" * 12, "ap-southeast-1"
"""As long as they get."""


@dataclass(frozen=True, slots=True)
class Packaged:
    """What `sam package` made. `expanded` are the same templates after SAM's transform, by name.

    The root's name is "", a nested one's its logical name in the root. `sizes` are in bytes,
    `unzipped` those of the largest function with its layers.
    """

    root: Template
    nested: Mapping[str, Template]
    expanded: Mapping[str, Template]
    sizes: Mapping[str, int]
    unzipped: int


@dataclass(frozen=True, slots=True)
class Use:
    """How much of a quota is used. `raised` says whether AWS raises it when asked."""

    what: str
    found: int
    quota: int
    raised: bool
    whose: str

    @property
    def holds(self) -> bool:
        return self.found <= self.quota


def uses(packaged: Packaged) -> Sequence[Use]:
    """Every quota that grows with links, or that one link may pass."""
    return [*_stacks(packaged), *_apis(packaged), *_link(packaged), *_watching(packaged)]


def faults(packaged: Packaged, systems: Mapping[str, frozenset[str]]) -> list[str]:
    """What could not be deployed as it is. `systems` are those of each link."""
    found = []
    for name, template in {"": packaged.root, **packaged.nested}.items():
        for key, value in _places(template):
            if not re.match(r"s3://|https?://", str(value)):
                found.append(f"{name or 'the root'}: {key} is {value}, which is only here")
    for name, stanza in links(packaged.root).items():
        link = stanza["Parameters"]["Link"]
        signs = "Signing" in stanza["Parameters"]
        if signs != bool(systems[link] & SIGNING):
            found.append(f"{name}: {'has' if signs else 'has not'} the layer that signs")
    return found


def links(root: Template) -> dict[str, dict[str, Any]]:
    """The stanzas of links, by logical name."""
    stanzas = cfn.of_type(root, NESTED)
    return {name: s for name, s in stanzas.items() if "Link" in s["Parameters"]}


def _places(template: Template) -> Iterator[tuple[str, Any]]:
    for resource in template["Resources"].values():
        told = resource.get("Properties", {})
        for key in ("CodeUri", "ContentUri"):
            if key in told:
                yield key, told[key]
        if resource["Type"] == NESTED:
            yield "Location", told["Location"]


def _stacks(packaged: Packaged) -> Iterator[Use]:
    counts = {name: len(t["Resources"]) for name, t in packaged.expanded.items()}
    inner = max(count for name, count in counts.items() if name)
    whose = "CloudFormation"
    yield Use("resources of the root stack", counts[""], 500, raised=False, whose=whose)
    yield Use("resources of the largest nested stack", inner, 500, raised=False, whose=whose)
    largest = max(size for name, size in packaged.sizes.items() if name)
    million = 1_000_000
    yield Use("bytes of the root template", packaged.sizes[""], million, raised=False, whose=whose)
    yield Use("bytes of the largest nested template", largest, million, raised=False, whose=whose)
    for what in ("Parameters", "Outputs"):
        most = max(len(t.get(what, {})) for t in packaged.expanded.values())
        yield Use(f"{what.lower()} of a template", most, 200, raised=False, whose=whose)
    yield Use("stacks", len(packaged.expanded), 2000, raised=True, whose=whose)


def _apis(packaged: Packaged) -> Iterator[Use]:
    routes: Counter[str] = Counter()
    integrations: Counter[str] = Counter()
    for name, stanza in links(packaged.root).items():
        api = stanza["Parameters"]["Api"]
        key = str(api.get("Ref") or api["Fn::GetAtt"][0])
        template = packaged.nested[name]
        routes[key] += len(cfn.of_type(template, "AWS::ApiGatewayV2::Route"))
        integrations[key] += len(cfn.of_type(template, "AWS::ApiGatewayV2::Integration"))
    whose = "API Gateway"
    yield Use("HTTP APIs", len({FIRST, *routes}), 600, raised=False, whose=whose)
    yield Use("routes of the fullest API", max(routes.values()), 300, raised=True, whose=whose)
    yield Use("its integrations", max(integrations.values()), 300, raised=False, whose=whose)
    rules = _all(packaged, "AWS::Events::Rule")
    yield Use("rules of the event bus", rules, 300, raised=True, whose="EventBridge")


def _link(packaged: Packaged) -> Iterator[Use]:
    template = packaged.nested[next(iter(links(packaged.root)))]
    longest = "x" * LONGEST_NAME
    roles = _all(packaged, "AWS::IAM::Role")
    yield Use("roles of the account", roles, 1000, raised=True, whose="IAM")
    own = [
        len(_resolved(policy["PolicyDocument"], longest))
        for role in cfn.of_type(template, "AWS::IAM::Role").values()
        for policy in role["Policies"]
    ]
    yield Use("characters of a role's policies", sum(own), 10_240, raised=False, whose="IAM")
    granted = [
        len(_resolved(one, longest)) + 150  # what Lambda itself writes around each
        for one in cfn.of_type(template, "AWS::Lambda::Permission").values()
    ]
    yield Use("bytes of a function's policy", sum(granted), 20_480, raised=False, whose="Lambda")
    (function,) = cfn.of_type(template, "AWS::Serverless::Function").values()
    called = _resolved(function["FunctionName"], longest)
    yield Use("characters of a function's name", len(called), 64, raised=False, whose="Lambda")
    layers = max(len(one) for one in function["Layers"]["Fn::If"][1:])
    yield Use("layers of a function", layers, 5, raised=False, whose="Lambda")
    yield Use(
        "unzipped bytes of a function with its layers",
        packaged.unzipped,
        250 * 1024 * 1024,
        raised=False,
        whose="Lambda",
    )
    queues = [
        len(_resolved(queue["QueueName"], longest))
        for queue in cfn.of_type(template, "AWS::SQS::Queue").values()
    ]
    yield Use("characters of a queue's name", max(queues), 80, raised=False, whose="SQS")
    rules = [len(_resolved(r["Name"], longest)) for r in _of(template, "AWS::Events::Rule")]
    yield Use("characters of a rule's name", max(rules), 64, raised=False, whose="EventBridge")


def _watching(packaged: Packaged) -> Iterator[Use]:
    whose = "CloudWatch"
    count = len(links(packaged.root))
    (body,) = (
        json.loads(one["DashboardBody"]["Fn::Sub"])
        for one in _of(packaged.root, "AWS::CloudWatch::Dashboard")
    )
    widgets = body["widgets"]
    shown = [sum(_series(m, count) for m in w["properties"].get("metrics", [])) for w in widgets]
    yield Use("widgets of the dashboard", len(widgets), 500, raised=False, whose=whose)
    yield Use("metrics of a widget", max(shown), 500, raised=False, whose=whose)
    yield Use("metrics of the dashboard", sum(shown), 2500, raised=False, whose=whose)
    filters = max(len(_of(t, "AWS::Logs::MetricFilter")) for t in packaged.nested.values())
    yield Use("metric filters of a log group", filters, 100, raised=False, whose=whose)
    queries = _all(packaged, "AWS::Logs::QueryDefinition")
    yield Use("saved queries", queries, 1000, raised=True, whose=whose)


def _series(metric: Sequence[Any], links: int) -> int:
    """How many lines a metric of a widget may draw: a search one for each link."""
    asked = metric[0].get("expression", "") if isinstance(metric[0], dict) else ""
    limited = re.search(r"\bLIMIT (\d+)", asked)
    return int(limited[1]) if limited else links if asked.startswith("SEARCH") else 1


def _of(template: Template, kind: str) -> list[dict[str, Any]]:
    return list(cfn.of_type(template, kind).values())


def _all(packaged: Packaged, kind: str) -> int:
    return sum(len(cfn.of_type(t, kind)) for t in packaged.expanded.values())


def _resolved(value: Any, link: str) -> str:
    """A value as compact JSON (a text as itself), with names as long as they get put in."""
    known = {"Link": link, "AWS::Partition": "aws", "AWS::AccountId": ACCOUNT} | {
        "AWS::Region": REGION,
        "Table": "tieline-Table-" + "X" * 13,
        "Api": "x" * 10,
    }

    def put_in(one: Any) -> Any:
        if isinstance(one, list):
            return [put_in(each) for each in one]
        if not isinstance(one, Mapping):
            return one
        if one.keys() == {"Fn::Sub"}:
            return re.sub(r"\$\{([^}]+)\}", lambda m: known.get(m[1], m[1]), one["Fn::Sub"])
        if one.keys() == {"Fn::GetAtt"}:
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:tieline-{link}-dead.fifo"
        if one.keys() == {"Ref"}:
            return f"tieline-{link}"
        return {key: put_in(each) for key, each in one.items()}

    done = put_in(value)
    return done if isinstance(done, str) else json.dumps(done, separators=(",", ":"))


def unzipped(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
