"""What a description of a system says: its calls, where things stand in answers, its forms.

Texts may hold words in braces, such as `{id}`; which words a call knows stands at its key. A place
in an answer is a path of names and numbers, `data.items.0.name`; `*` is every element of a list.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from tieline.domain.ticket import FieldSpec, Kind, Option

_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*)")
_WORD = re.compile(r"\{([a-z_]+)\}")
ALIASES = ("title", "description", "status", "priority", "assignee", "reporter", "tags", "due")
EVERYWHERE = frozenset({"base"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _a_call(text: str) -> str:
    if not _CALL.fullmatch(text):
        raise ValueError("is no call; write it as `GET /path`")
    return text


CallText = Annotated[str, AfterValidator(_a_call)]


class Call(_Strict):
    """One request. `body` is JSON, `form` a multipart form whose `{content}` is the file."""

    call: CallText
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: dict[str, Any] | None = None
    form: dict[str, str] = {}
    at: str = ""
    id: str = ""

    @property
    def method(self) -> str:
        return self.call.partition(" ")[0]

    @property
    def path(self) -> str:
        return self.call.partition(" ")[2]

    def words(self) -> frozenset[str]:
        """The words in braces that the call uses."""
        texts = [self.path, *self.query.values(), *self.headers.values(), *self.form.values()]
        return frozenset(w for text in (*texts, *_texts(self.body)) for w in _WORD.findall(text))


def _texts(tree: Any) -> list[str]:
    if isinstance(tree, str):
        return [tree]
    if isinstance(tree, dict):
        return [text for each in tree.values() for text in _texts(each)]
    if isinstance(tree, list):
        return [text for each in tree for text in _texts(each)]
    return []


class Times(_Strict):
    """How moments are written. `format` is that of strptime; "" is ISO 8601. `grain` in seconds."""

    format: str = ""
    grain: Annotated[float, Field(gt=0, le=3600)] = 1.0


class Ticket(_Strict):
    """How one ticket is read, and where its own facts stand in the answer.

    `key` and `url` are templates that know `{id}`, `{key}` and `{base}`. `etag` is what a write's
    `{etag}` is taken from: `header` (the ETag) or a place.
    """

    read: Call
    id: str
    key_at: str = ""
    key: str = "{key}"
    url: str = ""
    updated: str
    version: str = ""
    counts: bool = False
    etag: str = ""
    creator: str = ""
    gone: str = ""  # a place whose true value says that the ticket is deleted
    alive: Call | None = None  # a list that is empty once the ticket is deleted


class Options(_Strict):
    """Where the options of a list are asked for."""

    call: CallText
    query: dict[str, str] = {}
    at: str = ""
    value: str
    label: str

    def request(self) -> Call:
        return Call(call=self.call, query=self.query, at=self.at)


class FieldText(_Strict):
    """One field. `at` is its place in an answer, `write` its name in what is sent.

    Of an option or a person `value` and `label` are places within; `sends` is which of both a
    write carries. `empty` is what a write sends for nothing.
    """

    at: str
    write: str = ""
    kind: Literal[
        "text", "rich", "date", "datetime", "option", "options", "person", "number", "boolean",
        "tags",
    ]  # fmt: skip
    alias: str = Field(default="", alias="as")
    dialect: Literal["markdown", "html", "plain"] = "plain"
    value: str = ""
    label: str = ""
    sends: Literal["value", "label"] = "value"
    options: Options | None = None
    choices: dict[str, str] = {}
    writable: bool = True
    empty: Literal["null", "text", "list"] = "null"
    max_length: Annotated[int, Field(gt=0)] | None = None
    format: str = ""

    @model_validator(mode="after")
    def _whole(self) -> FieldText:
        if self.alias and self.alias not in ALIASES:
            raise ValueError(f"{self.alias!r} is no part; `as` is one of {', '.join(ALIASES)}")
        return self


class Correlation(_Strict):
    """The field of its own that carries Tieline's mark from a ticket's first moment."""

    at: str
    write: str
    find: Call
    row_id: str
    row_at: str
    lag: Annotated[float, Field(ge=0, le=3600)] = 0.0


def _several(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


Steps = Annotated[list[Call], BeforeValidator(_several), Field(min_length=1)]
"""Calls in a row; `{made}` in a later one is the `id` that an earlier one gave.

`{me}` is the account's own id, `{etag}` what a write to the ticket insists on.
"""


class Parts(_Strict):
    """What comments and files have in common: a list, or ids on the ticket and a read of each."""

    list: Call | None = None
    ids: str = ""
    read: Call | None = None
    id: str
    created: str
    author: str = ""
    add: Steps
    delete: Steps | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Parts:
        if (self.list is None) == (self.read is None) or bool(self.ids) != bool(self.read):
            raise ValueError("is not read in one way; say either `list`, or `ids` and `read`")
        return self


class Comments(Parts):
    """Comments. `public` is a place whose true value says so; without it all are public."""

    body: str
    body_call: Call | None = None
    dialect: Literal["markdown", "html", "plain"] = "plain"
    updated: str = ""
    public: str = ""
    edit: Steps | None = None


class Files(Parts):
    """Files. Without `size` a file is fetched once to count its bytes."""

    name: str
    media_type: str = ""
    size: str = ""
    content: Call


class People(_Strict):
    """Who is who. `me` is the account's own entry, `find` knows `{email}`, `read` `{person}`."""

    me: Call
    find: Call
    read: Call | None = None
    id: str
    name: str
    email: str


class Pages(_Strict):
    """How a list goes on: by a page's number, or by how many rows were passed over."""

    by: Literal["number", "offset"]
    query: str
    first: int = 1
    size_query: str
    size: Annotated[int, Field(gt=0, le=1000)] = 100


class Changes(_Strict):
    """Tickets by the moment of their last change, oldest first; `{since}` is in the query."""

    call: CallText
    query: dict[str, str]
    at: str = ""
    id: str
    updated: str
    version: str = ""
    correlation: str = ""
    pages: Pages
    overlap: Annotated[float, Field(ge=0, le=86_400)] = 60.0

    def request(self) -> Call:
        return Call(call=self.call, query=self.query, at=self.at)


class Webhook(_Strict):
    """What the system's webhooks prove and say. `token`: the secret itself stands in `header`.

    `sent` is when, in ISO 8601: what is older than five minutes is not taken.
    """

    proof: Literal["token", "hmac-sha256"]
    header: str
    prefix: str = ""
    encoding: Literal["hex", "base64"] = "hex"
    id: str
    version: str = ""
    correlation: str = ""
    delivery: str = ""
    sent: str = ""
    deleted: str = ""
    deleted_is: str = "true"


class Description(_Strict):
    """A whole system."""

    title: str
    headers: dict[str, str] = {}
    write_headers: dict[str, str] = {}
    words: str = ""
    times: Times = Times()
    ticket: Ticket
    fields: dict[str, FieldText]
    create: Call
    update: Call
    delete: Call | None = None
    correlation: Correlation
    comments: Comments | None = None
    files: Files | None = None
    people: People
    changes: Changes
    locate: Call | None = None
    webhook: Webhook | None = None

    @model_validator(mode="after")
    def _known_words(self) -> Description:
        wrong = [
            f"{place} knows no {{{word}}}"
            for place, call, known in self._calls()
            for word in sorted(call.words() - known - EVERYWHERE)
        ]
        if wrong:
            raise ValueError(f"{', '.join(wrong)}; see docs/connectors/rest.md for the words")
        if not any(f.alias == "title" for f in self.fields.values()):
            raise ValueError("no field is the `title`; say `as: title` at one")
        if not self.create.id:
            raise ValueError("create has no `id`; say where the new ticket's id stands")
        if "{since}" not in "".join(self.changes.query.values()):
            raise ValueError("changes: no query says {since}; put it where the moment goes")
        return self

    def _calls(self) -> list[tuple[str, Call, frozenset[str]]]:
        """Every call, its place, and the words that it may use."""
        one, part = frozenset({"id"}), frozenset({"id", "part", "ids"})
        told = part | {"body", "etag", "made", "me", "correlation"}
        sent = part | {"name", "media_type", "content", "etag", "made", "me", "correlation"}
        found: list[tuple[str, Call | None, frozenset[str]]] = [
            ("ticket.read", self.ticket.read, one),
            ("ticket.alive", self.ticket.alive, one),
            ("create", self.create, frozenset({"correlation"})),
            ("update", self.update, frozenset({"id", "etag"})),
            ("delete", self.delete, frozenset({"id", "etag"})),
            ("correlation.find", self.correlation.find, frozenset({"correlation"})),
            ("people.me", self.people.me, frozenset({"username"})),
            ("people.find", self.people.find, frozenset({"email"})),
            ("people.read", self.people.read, frozenset({"person"})),
            ("changes", self.changes.request(), frozenset({"since"})),
            ("locate", self.locate, frozenset({"name"})),
        ]
        for name, parts, words in (("comments", self.comments, told), ("files", self.files, sent)):
            if parts is None:
                continue
            found += [(f"{name}.list", parts.list, part), (f"{name}.read", parts.read, part)]
            steps = [*parts.add, *(parts.delete or [])]
            steps += list((parts.edit or []) if isinstance(parts, Comments) else [])
            found += [(f"{name}.add", step, words) for step in steps]
            more = parts.body_call if isinstance(parts, Comments) else parts.content
            found.append((f"{name}.content", more, part))
        return [(place, call, known) for place, call, known in found if call is not None]

    def specs(self) -> dict[str, FieldSpec]:
        """What is known of the fields without asking the system."""
        return {name: spec_of(name, field) for name, field in self.fields.items()}


def spec_of(name: str, field: FieldText, options: tuple[Option, ...] = ()) -> FieldSpec:
    """A field as links see it."""
    chosen = options or tuple(Option(value, label) for value, label in field.choices.items())
    return FieldSpec(
        name, Kind(field.kind), field.alias, field.writable, chosen, max_length=field.max_length
    )
