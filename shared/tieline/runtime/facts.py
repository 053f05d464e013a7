"""What one side's system says today of what a link names: asked for by `check --live`, `doctor`.

Facts travel from the function to the command as JSON, so that both judge the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tieline.connectors.base import Connector, FieldNow, Finding, Survey
from tieline.domain.errors import Configuration, Credentials, Refused, TielineError
from tieline.domain.ticket import FieldSpec, Kind, Option

Json = dict[str, Any]
MOST_OPTIONS = 500
"""So many options of a field are told of; nobody writes a table of more."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why no more could be asked. `kind` is credentials, configuration or other."""

    kind: str
    what: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """`title` is the system's, `me` our account there. `people`: address -> name, None: nobody.

    What stands after a failure was not asked for.
    """

    title: str = ""
    me: str = ""
    findings: tuple[Finding, ...] = ()
    specs: Mapping[str, FieldSpec] = field(default_factory=dict)
    survey: Survey | None = None
    people: Mapping[str, str | None] = field(default_factory=dict)
    failure: Failure | None = None

    def options(self, name: str) -> tuple[Option, ...]:
        """A field's options, by whichever way the system tells them."""
        spec = self.specs.get(name)
        if spec is not None and spec.options:
            return spec.options
        now = self.survey.fields.get(name) if self.survey is not None else None
        return now.options if now is not None else ()


def gather(
    connector: Connector,
    names: Iterable[str],
    people: Sequence[tuple[str, str]],
    ids: Iterable[str] = (),
    earlier: Iterable[str] = (),
) -> Facts:
    """Ask a system all of it. `people` are (field, address); `ids` tickets to look at.

    `earlier` are ids that fields had: one that got another name is still found by its id.

    Raises nothing that a system may answer: the facts tell of it.
    """
    facts: dict[str, Any] = {"title": connector.title}
    wanted = list(names)
    try:
        me = connector.whoami()
        facts["me"] = me.name or me.email or me.id
        facts["findings"] = tuple(connector.inspect())
        specs = facts["specs"] = dict(connector.fields(wanted))
        asked = [e for n, e in people if n in specs and specs[n].kind is Kind.PERSON]
        found = {email: connector.find_person(email) for email in dict.fromkeys(asked)}
        facts["people"] = {e: p and (p.name or p.id) for e, p in found.items()}
        facts["survey"] = _surveyed(connector, [*wanted, *earlier], ids)
    except Credentials as error:
        facts["failure"] = Failure("credentials", str(error))
    except Configuration as error:
        facts["failure"] = Failure("configuration", error.what, error.place)
    except TielineError as error:
        facts["failure"] = Failure("other", str(error))
    return Facts(**facts)


def _surveyed(connector: Any, names: list[str], ids: Iterable[str]) -> Survey | None:
    """None where a connector cannot, or its account may not."""
    if not hasattr(connector, "survey"):
        return None
    try:
        found: Survey = connector.survey(names, ids)
    except Refused:
        return None
    return found


def to_json(facts: Facts) -> Json:
    """Facts as plain JSON values."""
    survey, failure = facts.survey, facts.failure
    return {
        "title": facts.title,
        "me": facts.me,
        "findings": [[f.ok, f.what, f.remedy, f.about, f.grave] for f in facts.findings],
        "fields": {
            name: [spec.name, spec.kind.value, spec.writable, _options_out(spec.options)]
            for name, spec in facts.specs.items()
        },
        "people": dict(facts.people),
        "survey": survey
        and {
            "fields": {name: _now_out(now) for name, now in survey.fields.items()},
            "others": [_now_out(now) for now in survey.others],
            "steps": {status: sorted(steps) for status, steps in survey.steps.items()},
        },
        "failure": failure and [failure.kind, failure.what, failure.place],
    }


def from_json(told: Mapping[str, Any]) -> Facts:
    """The same, read back."""
    survey, failure = told["survey"], told["failure"]
    return Facts(
        title=told["title"],
        me=told["me"],
        findings=tuple(Finding(*one) for one in told["findings"]),
        specs={
            key: FieldSpec(name, Kind(kind), writable=writable, options=_options_in(options))
            for key, (name, kind, writable, options) in told["fields"].items()
        },
        people=dict(told["people"]),
        survey=None
        if survey is None
        else Survey(
            {name: _now_in(now) for name, now in survey["fields"].items()},
            tuple(_now_in(now) for now in survey["others"]),
            {status: frozenset(steps) for status, steps in survey["steps"].items()},
        ),
        failure=failure and Failure(*failure),
    )


def _now_out(now: FieldNow) -> list[Any]:
    lists = map(_options_out, (now.options, now.closing))
    return [now.id, now.label, now.required, now.writable, *lists]


def _now_in(told: Sequence[Any]) -> FieldNow:
    id, label, required, writable, *lists = told  # an earlier look may have one list alone
    return FieldNow(id, label, required, writable, *map(_options_in, lists))


def _options_out(options: Iterable[Option]) -> list[list[str]]:
    return [[option.value, option.label] for option in options][:MOST_OPTIONS]


def _options_in(told: Iterable[Sequence[str]]) -> tuple[Option, ...]:
    return tuple(Option(value, label) for value, label in told)
