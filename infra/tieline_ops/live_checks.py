"""What both systems say to a link: who we are there, and whether they have what it names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tieline.connectors import connector_class
from tieline.connectors.base import Connector, Site
from tieline.domain.convert import Untranslatable, parse_text
from tieline.domain.errors import Configuration, Credentials, TielineError
from tieline.domain.link import FieldRule, Link
from tieline.domain.template import names as names_in
from tieline.domain.ticket import FieldSpec, Kind
from tieline.runtime.sides import needed_fields
from tieline_ops.link_file.faults import did_you_mean, listed
from tieline_ops.trouble import Trouble

SideSecret = Callable[[str], Mapping[str, Any]]
"""Gives a side's part of the link's secret. Raises Configuration, Transient."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that was looked at: fine, or wrong and what would be right."""

    side: str
    ok: bool
    what: str
    remedy: str = ""
    place: str = ""

    def __str__(self) -> str:
        where = f"{self.place} " if self.place else ""
        return f"{where}{self.side}: {self.what}" + (f"; {self.remedy}" if self.remedy else "")

    def as_json(self) -> dict[str, object]:
        return {
            "side": self.side,
            "ok": self.ok,
            "what": self.what,
            "remedy": self.remedy,
            "place": self.place,
        }


def secret_of(link: Link, file: Path | None, client: Any = None) -> SideSecret:
    """From a file, or from Secrets Manager, `tieline/<link>`. Raises Trouble for a bad file.

    `client` is boto3's for Secrets Manager; by default that of the environment.
    """
    if file is None:
        return _stored(link, client)
    try:
        held = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise Trouble(f"{file} is not JSON", "write {side: {…}} or {link: {side: {…}}}") from error
    parts: Mapping[str, Any] = held.get(link.name, held) if isinstance(held, dict) else {}

    def part(side: str) -> Mapping[str, Any]:
        if not isinstance(parts.get(side), dict):
            raise Configuration(f"{file.name} has no part {side!r} for {link.name}")
        found: Mapping[str, Any] = parts[side]
        return found

    return part


def _stored(link: Link, client: Any) -> SideSecret:
    from tieline.runtime.secrets import Secret  # noqa: PLC0415 - boto3 is slow to import

    def part(side: str) -> Mapping[str, Any]:
        try:
            found = client or _secrets_manager()
        except BotoCoreError as error:
            what = f"Secrets Manager cannot be asked ({type(error).__name__})"
            raise Configuration(what) from None
        return Secret(f"tieline/{link.name}", found, lambda: datetime.now(UTC)).side(side)

    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - likewise

    return part


def _secrets_manager() -> Any:
    import boto3  # noqa: PLC0415 - slow to import

    return boto3.client("secretsmanager")


def ask(link: Link, secret: SideSecret, **options: Any) -> Iterator[Found]:
    """Everything that `check --live` finds; `options` (a session) go to the connectors."""
    for name in link.order:
        yield from _Side(link, name, secret, options).found()


class _Side:
    def __init__(
        self, link: Link, name: str, secret: SideSecret, options: Mapping[str, Any]
    ) -> None:
        self.link = link
        self.name = name
        self.secret = secret
        self.options = options

    def found(self) -> Iterator[Found]:
        """Stops where going on makes no sense: without credentials nothing else can be asked."""
        try:
            connector = self._connector()
            me = connector.whoami()
            yield self._fine(f"{connector.title} knows us as {me.name or me.email or me.id}")
            for finding in connector.inspect():
                yield Found(self.name, finding.ok, finding.what, finding.remedy)
            specs = connector.fields(needed_fields(self.link, self.name))
            yield from self._fields(connector, specs)
            yield from self._values(specs)
            yield from self._people(connector, specs)
        except Credentials as error:
            remedy = f"put working credentials into the secret tieline/{self.link.name}"
            yield self._wrong(str(error), remedy)
        except Configuration as error:
            remedy = f"see docs/operations.md, or `--secrets`, for what {self.name} needs"
            yield self._wrong(error.what, remedy, error.place)
        except TielineError as error:
            yield self._wrong(str(error), "see whether the system is up, and the address right")

    def _connector(self) -> Connector:
        side = self.link.sides[self.name]
        cls: Any = connector_class(side.system)
        try:
            part = cls.secret_model.model_validate(self.secret(self.name))
        except ValidationError as error:
            wrong = ", ".join(".".join(map(str, e["loc"])) or "kind" for e in error.errors())
            raise Configuration(f"the secret's part does not fit: {wrong}") from None
        made: Connector = cls(Site(self.name, side.url, side.scope), part, **self.options)
        return made

    def _fields(self, connector: Connector, specs: Mapping[str, FieldSpec]) -> Iterator[Found]:
        missing = [n for n in needed_fields(self.link, self.name) if n not in specs]
        for name in missing:
            remedy = did_you_mean(name, connector.standard_fields, "write a field's name or id")
            what = f"{connector.title} has no field {name!r}"
            yield self._wrong(what, remedy, self._place_of(name))
        for rule in self.link.fields:
            spec = specs.get(rule.names.get(self.name, ""))
            if self.name in rule.targets and spec is not None and not spec.writable:
                remedy = "let it flow the other way only"
                yield self._wrong(f"{spec.name!r} cannot be written", remedy, rule.place)
        if not missing:
            yield self._fine(f"all {len(specs)} fields are there")

    def _values(self, specs: Mapping[str, FieldSpec]) -> Iterator[Found]:
        """Every option that link.yaml names must be one of the field's."""
        count = 0
        for field, text, place in self._named_values():
            spec = specs.get(field)
            if spec is None or spec.kind not in {Kind.OPTION, Kind.OPTIONS} or not spec.options:
                continue
            count += 1
            try:
                parse_text(text, spec)
            except Untranslatable:
                labels = [option.label for option in spec.options]
                remedy = did_you_mean(text, labels, f"it can be {listed(labels[:12])}")
                yield self._wrong(f"{field!r} cannot be {text!r}", remedy, place)
        if count:
            yield self._fine(f"{count} values of lists were looked up")

    def _people(self, connector: Connector, specs: Mapping[str, FieldSpec]) -> Iterator[Found]:
        asked: dict[str, str] = {}
        for field, text, place in self._named_values():
            spec = specs.get(field)
            if spec is not None and spec.kind is Kind.PERSON and "@" in text:
                asked.setdefault(text, place)
        for email, place in asked.items():
            person = connector.find_person(email)
            if person is None:
                remedy = "write the address of an active user, or ask for the right to see users"
                yield self._wrong(f"nobody is known as {email}", remedy, place)
            else:
                yield self._fine(f"{email} is {person.name or person.id}")

    def _named_values(self) -> Iterator[tuple[str, str, str]]:
        """(native field, text, place) of everything that link.yaml says a field holds."""
        for rule in self.link.fields:
            for field, text in self._of_rule(rule):
                yield field, text, rule.place
        for field, text in self.link.defaults.get(self.name, {}).items():
            if not names_in(text):
                yield field, text, "link.yaml: defaults"
        for birth in self.link.create:
            if birth.source == self.name:
                for field, test in birth.when.items():
                    texts = (*(test.any_of or ()), *(test.none_of or ()), *(test.has or ()))
                    yield from ((field, text, "link.yaml: create") for text in texts)

    def _of_rule(self, rule: FieldRule) -> Iterator[tuple[str, str]]:
        field, here = rule.names.get(self.name, ""), self.link.order.index(self.name)
        yield from ((field, pair[here]) for pair in rule.values)
        if self.name in rule.otherwise:
            yield field, rule.otherwise[self.name]
        for text, along in rule.along.get(self.name, {}).items():
            yield field, text
            yield from ((extra, filled) for extra, filled in along.items() if not names_in(filled))

    def _place_of(self, name: str) -> str:
        for rule in self.link.fields:
            along = [fields for fields in rule.along.get(self.name, {}).values() if name in fields]
            if rule.names.get(self.name) == name or along:
                return rule.place
        return "link.yaml"

    def _fine(self, what: str) -> Found:
        return Found(self.name, True, what)

    def _wrong(self, what: str, remedy: str, place: str = "") -> Found:
        return Found(self.name, False, what, remedy, place)
