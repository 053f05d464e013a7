"""The first form of a link: a link.yaml that passes all checks and writes nothing yet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from tieline.domain.ticket import FieldSpec, Kind
from tieline_ops.apis import named, with_room
from tieline_ops.link_file.catalogue import ALIASES, Catalogue
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.link_file.described import described
from tieline_ops.link_file.faults import Faults
from tieline_ops.project import Project, logical_id

_LISTS = frozenset({Kind.OPTION, Kind.OPTIONS})
_PLACES: Mapping[str, str] = {
    "github": "https://github.com",
    "azure-devops": "https://dev.azure.com/your-organisation",
    "freshdesk": "https://your-account.freshdesk.com",
    "freshservice": "https://your-account.freshservice.com",
    "jira": "https://your-site.atlassian.net",
    "salesforce": "https://your-org.my.salesforce.com",
    "servicenow": "https://your-instance.service-now.com",
    "zendesk": "https://your-account.zendesk.com",
}
_SCOPES: Mapping[str, str] = {
    "project": "OPS",
    "issue_type": "Bug",
    "table": "incident",
    "repository": "acme/app",
    "type": "Bug",
    "module": "tickets",
    "description": "tracker.yaml",
}
SIGNING = frozenset({"github", "salesforce"})
"""Systems that may be spoken to by a private key, and so need the layer that signs."""
_OWN = re.compile(r", *(?:Signing|Dashboard|Concurrency): [^,}]+")
_EXAMPLE = Path(__file__).with_name("roundup.yaml")
"""The first form of a described system's file."""


def side_names(one: str, two: str) -> tuple[str, str]:
    """What the sides are called at first: as their systems, told apart if they are the same."""
    first, second = (name.replace("-", "_")[:18] for name in (one, two))
    return (first, second) if first != second else (f"{first}_a", f"{second}_b")


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of a side from the start: its address, and parts of its scope."""

    url: str = ""
    scope: Mapping[str, str] = field(default_factory=dict)


def link_yaml(
    name: str,
    one: str,
    two: str,
    systems: Mapping[str, Catalogue],
    places: Mapping[str, Place] = MappingProxyType({}),
) -> str:
    """The text of a link.yaml that passes `tieline check`; `places` is side -> what is known."""
    sides = side_names(one, two)
    catalogues = (_described(one, systems), _described(two, systems))
    rules = [text for alias in ALIASES if (text := _rule(alias, sides, catalogues)) is not None]
    fitting = [rule for rule in rules if _fits(rule, name, (one, two), systems)]
    left = [rule for rule in rules if rule not in fitting]
    return _file((one, two), systems, fitting, left, places)


def descriptions(one: str, two: str, systems: Mapping[str, Catalogue]) -> dict[str, str]:
    """The files that the scopes of a new link name, with an example's text."""
    names = (key for system in (one, two) for key in systems[system].described_by)
    return {_SCOPES[name]: _EXAMPLE.read_text("utf-8") for name in names}


def _described(system: str, systems: Mapping[str, Catalogue]) -> Catalogue:
    """What is known of a system, of a described one by the example."""
    catalogue, faults = systems[system], Faults("link.yaml", {})
    named = {key: _SCOPES[key] for key in catalogue.described_by}
    return catalogue.of(described(named, catalogue.described_by, (), faults, _beside))


def _beside(_: str) -> str:
    return _EXAMPLE.read_text("utf-8")


def cases_yaml(one: str, two: str, systems: Mapping[str, Catalogue]) -> str:
    """A first example, which holds for what `link_yaml` makes."""
    sides = side_names(one, two)
    titles = [_described(system, systems).native("title") for system in (one, two)]
    return (
        "# Examples of what this link does; `tieline check` and `make test` run them.\n"
        "- name: a new title crosses\n"
        f"  base: {{{sides[0]}: {{{titles[0]}: Printer}}, {sides[1]}: {{{titles[1]}: Printer}}}}\n"
        f"  {sides[0]}: {{{titles[0]}: Printer is on fire}}\n"
        f"  writes: {{{sides[1]}: {{{titles[1]}: Printer is on fire}}}}\n"
    )


def stanza(project: Project, name: str, *, signs: bool = False) -> str:
    """A link's five lines of template.yaml, after the pattern of another link's if there is one.

    What that one has for itself alone stays with it. `signs` gives the layer that signs.
    """
    others = project.stanzas()
    if others:
        other, text = next(iter(others.items()))
        text = text.replace(f"  {logical_id(other)}:", f"  {logical_id(name)}:", 1)
        text = _OWN.sub("", text.replace(f"Link: {other}", f"Link: {name}"))
        layer = "Layer: !Ref SharedLayer"
        return text.replace(layer, f"{layer}, Signing: !Ref SigningLayer", 1) if signs else text
    return (
        f"  {logical_id(name)}:\n"
        "    Type: AWS::Serverless::Application\n"
        "    Properties:\n"
        "      Location: infra/link.yaml\n"
        f"      Parameters: {{Link: {name}, Layer: !Ref SharedLayer, Runtime: !Ref Runtime}}\n"
    )


def with_stanza(template: str, project: Project, name: str, *, signs: bool = False) -> str:
    """template.yaml with the link's stanza behind the last one that is there."""
    others = project.stanzas()
    new = stanza(project, name, signs=signs)
    if others:
        template, api = with_room(template, others.values())
        new = named(new, api)
    if not others:
        at = template.find("Resources:\n")
        end = at + len("Resources:\n") if at >= 0 else len(template)
        head = template[:end] if at >= 0 else template + "Resources:\n"
        return head + new + (template[end:] if at >= 0 else "")
    last = max((template.find(text.rstrip("\n")), text) for text in others.values())
    end = last[0] + len(last[1].rstrip("\n")) + 1
    return template[:end] + "\n" + new + template[end:]


def _rule(alias: str, sides: tuple[str, str], systems: tuple[Catalogue, Catalogue]) -> str | None:
    """A line for a field that both systems have, or None. Lists need a person's `values`."""
    specs = [_spec(system, alias) for system in systems]
    one, two = specs
    if one is None or two is None or not (one.writable or two.writable):
        return None
    first, second = sides
    flow = ""
    if not two.writable:
        flow = f", flow: {second} -> {first}"
    elif not one.writable:
        flow = f", flow: {first} -> {second}"
    values = ", values: {Here: There}" if {one.kind, two.kind} & _LISTS else ""
    return f"- {{{first}: {one.name}, {second}: {two.name}{flow}{values}}}"


def _spec(catalogue: Catalogue, alias: str) -> FieldSpec | None:
    native = catalogue.native(alias)
    return catalogue.standard_fields[native] if native else None


def _fits(rule: str, name: str, pair: tuple[str, str], systems: Mapping[str, Catalogue]) -> bool:
    if "{Here: There}" in rule:
        return False
    link, _ = compile_link(_file(pair, systems, [rule], []), name, systems, beside=_beside)
    return link is not None


def _file(
    pair: tuple[str, str],
    systems: Mapping[str, Catalogue],
    rules: list[str],
    left: list[str],
    places: Mapping[str, Place] = MappingProxyType({}),
) -> str:
    sides = side_names(*pair)
    first, second = sides
    titles = " and ".join(systems[system].title for system in pair)
    lines = [
        f"title: {titles} keep the same tickets",
        "sides:                        # the short names are yours to choose",
        *(
            f"  {side}: {_side(system, systems, places.get(side, Place()))}"
            for side, system in zip(sides, pair, strict=True)
        ),
        "",
        "create:                       # which tickets get a counterpart on the other side",
        *(_birth(side, _described(s, systems)) for side, s in zip(sides, pair, strict=True)),
        "",
        "fields:                       # fields as your people know them",
        *(f"  {rule}" for rule in rules),
    ]
    if left:
        lines.append("  # Lists have words of their own: pair them, and take the # away.")
        lines += [f"  # {rule}" for rule in left]
    lines += [
        "",
        "# Public comments only; say `internal:` for others.",
        f'comments:    {{flow: {first} <-> {second}, as: "{{author}}: {{body}}"}}',
        f"attachments: {{flow: {first} <-> {second}, max_mb: 20}}",
        "",
        f"initial:     prefer {first}".ljust(29) + " # where values differ when a pair is new",
        "conflicts:   newest".ljust(29) + " # where both sides changed one field",
        "mode:        plan".ljust(29) + " # reads and shows, writes nothing; then: live",
    ]
    return "\n".join(lines) + "\n"


def _side(system: str, systems: Mapping[str, Catalogue], place: Place) -> str:
    url = place.url or _PLACES.get(system, f"https://{system}.example.com")
    scope = {
        key: _SCOPES.get(key, "CHANGE-ME")
        for key, must in systems[system].scope_keys.items()
        if must
    }
    inner = ", ".join(f"{key}: {_text(value)}" for key, value in {**scope, **place.scope}.items())
    scoped = f", scope: {{{inner}}}" if inner else ""
    return f"{{system: {system}, url: {json.dumps(url)}{scoped}}}"


def _text(value: str) -> str:
    """A value as YAML takes it for this text, quoted if it must be."""
    return value if re.fullmatch(r"[A-Za-z][\w./-]*", value) else json.dumps(value)


def _birth(side: str, catalogue: Catalogue) -> str:
    tags = catalogue.native("tags")
    if tags:
        return f"  - {{from: {side}, when: {{{tags}: {{has: tieline}}}}}}"
    title = catalogue.native("title")
    return f'  - {{from: {side}, when: {{{title}: {{matches: "^TIELINE"}}}}}}'
