"""What closing a ticket means in a link: the last value of its status rule."""

from __future__ import annotations

from collections.abc import Mapping

from tieline.domain.lens import parse_text
from tieline.domain.link import Link
from tieline.domain.template import fill
from tieline.domain.ticket import FieldSpec, Ticket, Value


def closing_values(
    link: Link, side: str, ticket: Ticket, specs: Mapping[str, Mapping[str, FieldSpec]]
) -> dict[str, Value]:
    """The fields that close `ticket`; {} if no rule for the status writes to that side."""
    for rule in link.fields:
        name = rule.names.get(side, "")
        spec = specs[side].get(name)
        if spec is None or spec.alias != "status" or side not in rule.targets or not rule.values:
            continue
        text = rule.values[-1][link.order.index(side)]
        values: dict[str, Value] = {name: parse_text(text, spec)}
        for extra, template in rule.along.get(side, {}).get(text, {}).items():
            values[extra] = parse_text(fill(template, ticket), specs[side][extra])
        return values
    return {}
