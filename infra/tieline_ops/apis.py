"""The HTTP APIs that take the webhooks: a further one for each hundred links.

An HTTP API has at most 300 integrations, which cannot be raised, and 300 routes (API Gateway,
Quotas for HTTP APIs). A link has one of each now; a hundred to an API leave room for two more.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

PER_API = 100
FIRST = "Api"
_NAMED = re.compile(r"\bApi: *(?:!Ref +(\w+)|!GetAtt +(\w+)\.Outputs\.Api)")
_FURTHER = re.compile(r"^  (Api\d+):$", re.MULTILINE)


def api_of(stanza: str) -> str:
    """The logical name of the API that a link's stanza names; "" if it names none."""
    found = _NAMED.search(stanza)
    return (found[1] or found[2]) if found else ""


def output_of(api: str) -> str:
    """The root stack's output that says where webhooks go: `Webhooks`, `Webhooks2` and so on."""
    return "Webhooks" + api.removeprefix(FIRST)


def named(stanza: str, api: str) -> str:
    """A link's stanza with another API."""
    reference = f"!Ref {api}" if api == FIRST else f"!GetAtt {api}.Outputs.Api"
    return _NAMED.sub(f"Api: {reference}", stanza)


def with_room(template: str, stanzas: Iterable[str]) -> tuple[str, str]:
    """A template that has an API with room for one more link, and that API's logical name."""
    links = Counter(api_of(stanza) for stanza in stanzas)
    there = [FIRST, *_FURTHER.findall(template)]
    for api in there:
        if links[api] < PER_API:
            return template, api
    number = max(int(api.removeprefix(FIRST) or 1) for api in there) + 1
    return _with_api(template, number), f"{FIRST}{number}"


def _with_api(template: str, number: int) -> str:
    api = f"{FIRST}{number}"
    resource = (
        f"  {api}:\n"
        "    Type: AWS::Serverless::Application\n"
        "    Properties:\n"
        "      Location: infra/api.yaml\n"
        f'      Parameters: {{Name: tieline-{number}, Domain: !If [HasDomain, !Ref Domain, ""], '
        "RequestsPerSecond: !Ref RequestsPerSecond, RequestBurst: !Ref RequestBurst, "
        "LogDays: !Ref LogDays}\n"
    )
    output = (
        f"  {output_of(api)}:\n"
        f"    Description: The same for the links whose stanzas name {api}.\n"
        f"    Value: !GetAtt {api}.Outputs.Webhooks\n"
    )
    head, found, tail = template.partition("\nOutputs:\n")
    return f"{head}\n{resource}{found or chr(10) + 'Outputs:' + chr(10)}{output}{tail}"
