"""What the templates declare, read so that the local stack is made from the same source as AWS's.

Of CloudFormation's language only what the templates use of it in what runs locally is understood:
Ref, Sub and GetAtt of parameters and of names. An intrinsic that is not known stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from tieline_ops import cloudformation

ROOT_TEMPLATE = "template.yaml"
_SUB = re.compile(r"\$\{([^}]+)\}")
Json = Mapping[str, Any]


@dataclass(frozen=True)
class LinkStack:
    """One link's nested stack with its parameters."""

    name: str
    resources: Mapping[str, Json]
    parameters: Mapping[str, Any]

    def of_type(self, type: str) -> list[Json]:
        """The properties of all resources of a type, resolved."""
        found = [r for r in self.resources.values() if r["Type"] == type]
        return [self.resolved(r["Properties"]) for r in found]

    @property
    def function(self) -> Json:
        return self.of_type("AWS::Serverless::Function")[0]

    @property
    def timeout(self) -> timedelta:
        return timedelta(seconds=int(self.function["Timeout"]))

    @property
    def memory(self) -> int:
        return int(self.function["MemorySize"])

    @property
    def mapping(self) -> Json:
        """What hands the queue's messages to the function."""
        return self.of_type("AWS::Lambda::EventSourceMapping")[0]

    @property
    def queue(self) -> Json:
        """The queue that has a dead-letter queue behind it."""
        return next(q for q in self.of_type("AWS::SQS::Queue") if "RedrivePolicy" in q)

    @property
    def dead_letters(self) -> Json:
        return next(q for q in self.of_type("AWS::SQS::Queue") if "RedrivePolicy" not in q)

    @property
    def schedule(self) -> tuple[timedelta, str]:
        """How often, and what is sent."""
        rule = self.of_type("AWS::Events::Rule")[0]
        every = cloudformation.interval(rule["ScheduleExpression"])
        return every, str(rule["Targets"][0]["Input"])

    @property
    def route(self) -> tuple[str, str]:
        """Method and path of the webhooks: `POST`, `/jira-servicenow/{side}`."""
        method, _, path = self.of_type("AWS::ApiGatewayV2::Route")[0]["RouteKey"].partition(" ")
        return method, path

    @property
    def environment(self) -> dict[str, Any]:
        """The function's variables; those that name what AWS makes are still intrinsics."""
        return dict(self.function["Environment"]["Variables"])

    def resolved(self, value: Any) -> Any:
        """The value with parameters put in."""
        if isinstance(value, list):
            return [self.resolved(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Ref"} and value["Ref"] in self.parameters:
            return self.parameters[value["Ref"]]
        if value.keys() == {"Fn::Sub"} and isinstance(value["Fn::Sub"], str):
            return _SUB.sub(lambda m: str(self.parameters.get(m[1], m[0])), value["Fn::Sub"])
        return {key: self.resolved(one) for key, one in value.items()}


@dataclass(frozen=True)
class Deployment:
    """The root template: the table, and a stack for each link."""

    table: Json
    links: Mapping[str, LinkStack]


def read(root: Path) -> Deployment:
    """The templates of a checkout. Raises FileNotFoundError, KeyError on what is not one."""
    template = cloudformation.read(root / ROOT_TEMPLATE)
    defaults = _defaults(template)
    table = next(
        r["Properties"]
        for r in template["Resources"].values()
        if r["Type"] == "AWS::DynamoDB::Table"
    )
    links: dict[str, LinkStack] = {}
    for resource in template["Resources"].values():
        if resource["Type"] != "AWS::Serverless::Application":
            continue
        if "Link" not in resource["Properties"].get("Parameters", {}):
            continue  # a further API: here one gateway takes all webhooks
        nested = cloudformation.read(root / resource["Properties"]["Location"])
        given = {
            name: defaults.get(value.get("Ref", ""), value) if isinstance(value, dict) else value
            for name, value in resource["Properties"]["Parameters"].items()
        }
        name = str(given["Link"])
        links[name] = LinkStack(name, nested["Resources"], {**_defaults(nested), **given})
    return Deployment(table, links)


def _defaults(template: Json) -> dict[str, Any]:
    parameters: Json = template.get("Parameters", {})
    return {name: p["Default"] for name, p in parameters.items() if "Default" in p}
