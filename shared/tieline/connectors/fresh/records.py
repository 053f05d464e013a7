"""Records read and written: one list of one account, whatever its shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tieline.connectors.base import Clock, Site, Want
from tieline.connectors.fresh.api import Api
from tieline.connectors.fresh.fields import Fields
from tieline.connectors.fresh.files import Files
from tieline.connectors.fresh.html import Names, from_html, to_html
from tieline.connectors.fresh.people import People
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.talk import Talk, mark_of
from tieline.connectors.fresh.wire import (
    BLANK,
    ID,
    LISTS,
    PEOPLE,
    Field,
    Form,
    Raw,
    correlation_of,
    holder,
    is_mark,
    moment_of,
    plain_json,
    plain_value,
    stamp_of,
    tag_of,
    version_of,
)
from tieline.domain.errors import Configuration, Gone, Refused, Stale
from tieline.domain.ticket import Option, Person, Ticket, Value

_DUE, _FIRST_DUE = "due_by", "fr_due_by"
_EXACT = frozenset({Form.NUMBERED, Form.NAMED, Form.WORD, Form.BOOLEAN, *PEOPLE})
"""Forms whose values come back as they were sent."""


class Records:
    """`ours` is the custom field that carries correlations, "" where a tag does."""

    def __init__(
        self,
        site: Site,
        shape: Shape,
        ours: str,
        api: Api,
        people: People,
        fields: Fields,
        talk: Talk,
        clock: Clock,
    ) -> None:
        self._site = site
        self._shape = shape
        self._ours = ours
        self._api = api
        self._people = people
        self._fields = fields
        self._talk = talk
        self._clock = clock

    def read(self, id: str, want: Want) -> Ticket:
        """One call, with the conversations if they are few; more where they are many."""
        fields = self._fields.known(want.fields)
        include = set()
        if want.comments or want.attachments:
            include.add("conversations")
        if any(field.key == "requester_id" for field in fields.values()):
            include.add("requester")
        return self._ticket(self.raw(id, *include), fields, want)

    def raw(self, id: str, *include: str) -> Raw:
        """View a ticket. What is in a bin is gone, though its id still answers. Raises Gone."""
        if not ID.fullmatch(id):
            raise Gone(f"{self._api.system} GET {self._shape.record}: not an id")
        asked = [*self._shape.include, *(i for i in sorted(include) if self._shape.talks)]
        params = {"include": ",".join(asked)} if asked else None
        found = self._api.one(
            "GET", self._shape.record, self._shape.one, parts={"id": id}, params=params
        )
        if found.get("deleted") or found.get("spam"):
            raise Gone(f"{self._api.system} GET {self._shape.record}: in the bin, or spam")
        if self._shape.workspace and str(found.get("workspace_id")) != self._shape.workspace:
            raise Gone(f"{self._api.system} GET {self._shape.record}: in another workspace")
        self._people.learn(found.get("requester"))
        return found

    def create(self, correlation: str, values: Mapping[str, Value], want: Want) -> Ticket:
        """Create a ticket. The correlation stands in the same call, in a field or a tag.

        Without a requester it is the agent that we act as: an address that nobody has would make
        a contact. Raises Configuration where nothing can carry a correlation.
        """
        fields = self._fields.known({*want.fields, *values})
        body = {**self._shape.born, **self._body(values, fields, {}, dict)}
        body.setdefault("requester_id", int(self._people.me().id))
        if _DUE not in body and self._shape.due is not None:
            body[_DUE] = stamp_of(self._clock() + self._shape.due)
        if _DUE in body and _FIRST_DUE in self._shape.standard:
            # An account may take both moments or neither.
            body.setdefault(_FIRST_DUE, body[_DUE])
        if self._ours:
            body["custom_fields"] = {**body.get("custom_fields", {}), self._ours: correlation}
        elif self._shape.tagged:
            body["tags"] = [*(body.get("tags") or ()), tag_of(correlation)]
        else:
            raise Configuration(
                f"{self._api.system}: nothing here has tags; name a custom field of one line in "
                "the scope as correlation_field"
            )
        body = {key: value for key, value in body.items() if value is not None}
        raw = self._written("POST", self._shape.path, {}, body, values)
        dropped = _dropped(body, raw, fields, values)
        if dropped:
            what = f"{self._api.system} made a record without {', '.join(dropped)}: read it again"
            raise Stale(what)
        return self._ticket(_whole({}, body, raw), fields, Want(want.fields))

    def update(self, before: Ticket, values: Mapping[str, Value], want: Want) -> Ticket:
        """A read and one write of the fields that are asked for.

        The API has no precondition. A read just before the write tells whether one of these
        fields is other than it was: raises Stale then. A tag that others added stays.
        """
        fields = self._fields.known({*want.fields, *values})
        include = ("conversations",) if _pictures(values) else ()
        now = self.raw(before.id, *include)
        written = [fields[name] for name in values if name in fields]
        if _moved(before, now, written):
            what = f"{self._api.system} PUT {self._shape.record}"
            raise Stale(f"{what}: it was changed by somebody else meanwhile")
        body = self._body(values, fields, now, lambda: self._files(now).names())
        if _DUE in body and body[_DUE] and now.get(_FIRST_DUE):
            body.setdefault(_FIRST_DUE, min(str(now[_FIRST_DUE]), body[_DUE]))
        raw = self._written("PUT", self._shape.record, {"id": before.id}, body, values)
        dropped = _dropped(body, raw, fields, values)
        if dropped:
            words = f"{', '.join(dropped)} stayed as it was: the account works it out by itself"
            what = f"{self._api.system} PUT {self._shape.record} dropped {', '.join(dropped)}"
            raise Refused(what, words, dropped)
        return self._ticket(_whole(now, body, raw), fields, Want(want.fields))

    def _written(
        self,
        method: str,
        path: str,
        parts: Mapping[str, str],
        body: Mapping[str, Any],
        values: Mapping[str, Value],
    ) -> Raw:
        try:
            return self._api.one(method, path, self._shape.one, parts=parts, json=body)
        except Refused as refused:
            refused.fields = self._fields.named(refused.fields, values)
            raise

    def _body(
        self, values: Mapping[str, Value], fields: Mapping[str, Field], now: Raw, names: Names
    ) -> dict[str, Any]:
        body: dict[str, Any] = {}
        for name, value in values.items():
            if name not in fields:
                raise Configuration(f"{self._api.system} has no field {name}")
            field = fields[name]
            made = self._json(name, value, field, names)
            if field.form is Form.TAGS:
                made = [*(made or ()), *(tag for tag in now.get("tags") or () if is_mark(str(tag)))]
            if field.custom:
                body.setdefault("custom_fields", {})[field.key] = made
            else:
                body[field.key] = made
        return body

    def _json(self, name: str, value: Value, field: Field, names: Names) -> Any:
        if field.form is Form.HTML:
            return to_html(str(value), self._site.url, names) if value else BLANK
        if isinstance(value, Person):
            return self._person(name, value, field)
        if isinstance(value, Option):
            return plain_json(self._option(name, value, field), field)
        if isinstance(value, frozenset) and field.form in LISTS:
            chosen = (self._option(name, one, field) for one in value if isinstance(one, Option))
            return plain_json(frozenset(chosen), field)
        return plain_json(value, field)

    def _person(self, name: str, person: Person, field: Field) -> int:
        found: Person | None = person
        if not ID.fullmatch(person.id):
            found = self._people.by_email(person.email, agent=field.form is Form.AGENT)
        if found is None:
            what = f"{self._api.system}: nobody for {name} has this e-mail address"
            raise Refused(what, "There is nobody with this e-mail address", (name,))
        return int(found.id)

    def _option(self, name: str, option: Option, field: Field) -> Option:
        known = field.spec.options
        for one in known:
            if one.value == option.value or one.means(option.label) or one.means(option.value):
                return one
        if known or field.form in {Form.NUMBERED, Form.NAMED}:
            words = f"{name} has no choice {option.label!r}"
            raise Refused(f"{self._api.system}: {name} has no such choice", words, (name,))
        return option

    def _ticket(self, raw: Raw, fields: Mapping[str, Field], want: Want) -> Ticket:
        id, shape = str(raw["id"]), self._shape
        files = self._files(raw)
        comments = attachments = None
        comments_mark = files_mark = ""
        if want.comments:
            said = files.said()
            comments_mark = mark_of(said)
            if comments_mark != want.comments_mark:
                comments = self._talk.comments(said, files.names)
        if want.attachments:
            files_mark = files.mark()
            if files_mark != want.attachments_mark:
                attachments = files.attachments()
        return Ticket(
            id=id,
            key=shape.keys.get(str(raw.get("type")), shape.key).format(id=id),
            url=self._site.url + shape.url.format(id=id),
            version=version_of(raw),
            updated=moment_of(raw["updated_at"]),
            fields={
                name: self._value(raw, field, files.names)
                for name, field in fields.items()
                if field.key in holder(raw, field)
            },
            comments=comments,
            comments_mark=comments_mark,
            attachments=attachments,
            attachments_mark=files_mark,
            correlation=correlation_of(raw, self._ours),
            native=raw,
        )

    def _files(self, raw: Raw) -> Files:
        return Files(raw, self._talk.of, self._people.me, carried=self._shape.talks)

    def _value(self, raw: Raw, field: Field, names: Names) -> Value:
        value = holder(raw, field)[field.key]
        if field.form is Form.HTML:
            return from_html(str(value or ""), names) or None
        if field.form in PEOPLE:
            return self._people.by_id(str(value)) if value else None
        return plain_value(value, field)


def _whole(now: Raw, sent: Raw, answer: Raw) -> Raw:
    """A record after a write: what the answer leaves out is as it was sent, or was read before."""
    tags = {"tags": sent["tags"]} if "tags" in sent else {}
    return {**now, **tags, **answer}


def _dropped(
    sent: Raw, answer: Raw, fields: Mapping[str, Field], names: Iterable[str]
) -> tuple[str, ...]:
    """Names of the fields that the account took without a word and left as they were."""
    found = []
    for name in names:
        field = fields[name]
        there, here = holder(answer, field), holder(sent, field)
        if field.form in _EXACT and field.key in there and field.key in here:
            found += [name] if there[field.key] != here[field.key] else []
    return tuple(found)


def _pictures(values: Mapping[str, Value]) -> bool:
    return any(isinstance(value, str) and "attachment:" in value for value in values.values())


def _moved(before: Ticket, now: Raw, fields: list[Field]) -> bool:
    """Whether one of these fields is other than when the ticket was read."""
    if version_of(now) == before.version:
        return False
    then = before.native if isinstance(before.native, Mapping) else {}
    return any(
        holder(then, field).get(field.key) != holder(now, field).get(field.key) for field in fields
    )
