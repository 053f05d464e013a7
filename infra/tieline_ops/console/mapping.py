"""What a link.yaml says, as rows for a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tieline.domain.link import FieldRule, Link, Test
from tieline.domain.standing import direction

Json = dict[str, Any]
_TESTS = {
    "any_of": "is {}",
    "none_of": "is not {}",
    "has": "has {}",
    "matches": "matches {}",
    "before": "is before {}",
    "after": "is after {}",
}


def mapping(link: Link) -> Json:
    """The link's rules, conditions and choices. A flow is as `direction` says it."""
    return {
        "order": list(link.order),
        "fields": [_rule(rule, link) for rule in link.fields],
        "create": [{"from": b.source, "when": [*conditions(b.when)]} for b in link.create],
        "parts": [*_parts(link)],
        "defaults": [
            {"side": side, "field": name, "value": value}
            for side, values in link.defaults.items()
            for name, value in values.items()
        ],
        "choices": {
            "initial": link.initial,
            "conflicts": link.conflicts,
            "on delete": link.on_delete,
            "on leave": link.on_leave,
            "mode": link.mode,
            "brake": f"{link.brake.writes_per_hour} writes, "
            f"{link.brake.deletes_per_hour} deletes an hour",
            **({"chain": "true"} if link.chain else {}),
        },
    }


def _rule(rule: FieldRule, link: Link) -> Json:
    return {
        "names": dict(rule.names),
        "flow": direction(link, rule.targets),
        "template": rule.template,
        "values": [list(pair) for pair in rule.values],
        "otherwise": dict(rule.otherwise),
        "with": [
            {"side": side, "value": value, "field": name, "text": text}
            for side, by_value in rule.along.items()
            for value, texts in by_value.items()
            for name, text in texts.items()
        ],
        "conflicts": rule.conflicts,
        "place": rule.place,
    }


def conditions(when: Mapping[str, Test]) -> Iterator[str]:
    """Conditions in words: `priority is 1 - Critical or 2 - High`."""
    for name, test in when.items():
        for part, words in _TESTS.items():
            value = getattr(test, part)
            if value is not None:
                joined = " or ".join(value) if isinstance(value, tuple) else value
                yield f"{name} {words.format(joined)}"
        if test.empty is not None:
            yield f"{name} is {'empty' if test.empty else 'not empty'}"


def _parts(link: Link) -> Iterator[Json]:
    if link.comments is not None:
        internal = link.comments.internal
        yield {
            "what": "comments",
            "flow": direction(link, link.comments.targets),
            "how": f"as “{link.comments.template}”; "
            + (f"internal ones cross to {', '.join(internal)}" if internal else "public ones only"),
        }
    if link.attachments is not None:
        yield {
            "what": "files",
            "flow": direction(link, link.attachments.targets),
            "how": f"up to {link.attachments.max_bytes / 1_000_000:g} MB",
        }
