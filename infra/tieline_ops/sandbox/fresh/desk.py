"""People at work in a simulated account, in the words that all simulated systems share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline_ops.sandbox.desk import Said as Heard
from tieline_ops.sandbox.desk import Seen
from tieline_ops.sandbox.fresh import media, talk, work
from tieline_ops.sandbox.fresh.content import Field
from tieline_ops.sandbox.fresh.errors import FreshError
from tieline_ops.sandbox.fresh.state import File, Record, Said, Site
from tieline_ops.sandbox.fresh.work import Book

_MARK = re.compile(r"tl[-.].+")
"""A tag that carries a correlation: it stays where it is and is not shown."""
_ADDRESS = re.compile(r"\((attachment:[^)\s]*)\)|src=\"(attachment:[^\"]*)\"")
_PICTURE = re.compile(r"/helpdesk/attachments/(\d+)")


@dataclass(frozen=True)
class Form:
    """How people know the fields of one list: native name -> key of the API.

    `lists` are the account's lists of things with ids. `along` is what people choose on the form
    that comes up with a status, if they were not told. `start` is what a new record has.
    """

    book: Book
    key: Callable[[Record], str]
    home: str
    people: Mapping[str, str]
    lists: Mapping[str, tuple[str, Callable[[Site], Mapping[str, int]]]]
    plain: tuple[str, ...]
    moments: tuple[str, ...]
    along: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    start: Mapping[str, Any] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()


class FreshDesk:
    """One list of records. Fields by native name, custom ones by label."""

    def __init__(self, site: Site, form: Form) -> None:
        self._site = site
        self._form = form

    def make(self, who: str, **fields: Any) -> str:
        with self._work():
            user = self._site.user(who)
            given = {**self._form.start, "requester_id": user.id, "description": "<div></div>"}
            given |= {n: v for n, v in self._values(fields, None).items() if v is not None}
            return str(work.create(self._site, self._form.book, user, given).id)

    def edit(self, who: str, id: str, **fields: Any) -> None:
        with self._work():
            record = self._record(id)
            along = self._form.along.get(str(fields.get("status")), {})
            left = {n: v for n, v in along.items() if not self._shown(record).get(n)}
            given = self._values({**left, **fields}, record)
            work.update(self._site, self._form.book, self._site.user(who), record, given)

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        with self._work():
            record, user = self._record(id), self._site.user(who)
            given = {"body": self._html(text, record), "private": not public}
            return str(talk.note(self._site, user, record, given).id)

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        with self._work():
            record = self._record(id)
            said = _said(record, comment_id)
            given = {"body": self._html(text, record)}
            talk.edit(self._site, self._site.user(who), record, said, given)

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        with self._work():
            record = self._record(id)
            talk.delete(self._site, self._site.user(who), record, _said(record, comment_id))

    def attach(
        self, who: str, id: str, name: str, content: bytes, media_type: str = "text/plain"
    ) -> str:
        with self._work():
            record, user = self._record(id), self._site.user(who)
            uploads = [(name, content, media_type)]
            work.update(self._site, self._form.book, user, record, {}, uploads)
            return str(record.files[-1].id)

    def attach_to_note(
        self, who: str, id: str, text: str, name: str, content: bytes, *, public: bool
    ) -> str:
        """Say something with a file; gives the file's id."""
        with self._work():
            record, user = self._record(id), self._site.user(who)
            given = {"body": self._html(text, record), "private": not public}
            said = talk.note(self._site, user, record, given, [(name, content, "text/plain")])
            return str(said.files[0].id)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        with self._work():
            record, user = self._record(id), self._site.user(who)
            if not work.detach(self._site, user, record, int(attachment_id)):
                raise KeyError(attachment_id)

    def delete(self, who: str, id: str) -> None:
        with self._work():
            work.delete(self._site, self._site.user(who), self._record(id))

    def ids(self) -> list[str]:
        kept = self._site.records[self._form.book.kind]
        return [str(id) for id, record in sorted(kept.items()) if not record.deleted]

    def see(self, id: str) -> Seen:
        with self._work():
            record = self._record(id)
            heard = tuple(self._heard(record, said) for said in record.said)
            files = {file.name: file.content for file in media.files_of(record)}
            shown = self._shown(record)
            return Seen(str(record.id), self._form.key(record), shown, heard, files)

    def _heard(self, record: Record, said: Said) -> Heard:
        author = self._site.user(said.user).email
        text = _markdown(said.body, media.files_of(record))
        return Heard(str(said.id), author, text, not said.private)

    def _shown(self, record: Record) -> dict[str, Any]:
        form, values = self._form, record.values
        shown: dict[str, Any] = {name: values.get(name) for name in form.plain}
        shown["description"] = _markdown(values["description"], media.files_of(record)) or None
        for name, labels in form.book.labels.items():
            shown[name] = next((k for k, v in labels.items() if v == values.get(name)), None)
        for name, key in form.people.items():
            shown[name] = self._site.user(values[key]).email if values.get(key) else None
        for name, (key, listed) in form.lists.items():
            found = listed(self._site).items()
            shown[name] = next((label for label, id in found if id == values.get(key)), None)
        for name in form.moments:
            shown[name] = _moment(values.get(name))
        if "tags" in form.book.rules:
            shown["tags"] = [tag for tag in record.tags if not _MARK.fullmatch(tag)]
        for each in self._custom():
            shown[each.label] = record.custom.get(each.name)
        return shown

    def _custom(self) -> list[Field]:
        fields = self._site.fields[self._form.book.kind]
        return [each for each in fields if not each.default and each.name not in self._form.hidden]

    def _values(self, fields: Mapping[str, Any], record: Record | None) -> dict[str, Any]:
        """What a screen sends for the fields that a person filled in."""
        form, given = self._form, dict[str, Any]()
        custom = {each.label: each.name for each in self._custom()}
        for name, value in fields.items():
            if name == "description":
                given[name] = self._html(value or "", record)
            elif name in form.book.labels:
                given[name] = _chosen(form.book.labels[name], value)
            elif name in form.people:
                given[form.people[name]] = self._site.user(value).id if value else None
            elif name in form.lists:
                key, listed = form.lists[name]
                given[key] = _chosen(listed(self._site), value)
            elif name in form.moments:
                given |= self._due(name, value, record)
            elif name == "tags":
                marks = [tag for tag in (record.tags if record else ()) if _MARK.fullmatch(tag)]
                given[name] = [*(value or ()), *marks]
            elif name in custom:
                given.setdefault("custom_fields", {})[custom[name]] = value
            elif name in form.plain:
                given[name] = value
            else:
                raise KeyError(name)
        return given

    def _due(self, name: str, value: str | None, record: Record | None) -> dict[str, Any]:
        """A moment; the screen moves the first response along with what is due before it."""
        if value is None:
            return {name: None}
        at = datetime.fromisoformat(value).astimezone(UTC)
        given: dict[str, Any] = {name: f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        if name == "due_by" and "fr_due_by" in self._form.moments:
            first = record.values["fr_due_by"] if record else given[name]
            given["fr_due_by"] = min(first, given[name])
        return given

    def _html(self, text: str, record: Record | None) -> str:
        """A person's text as the editor sends it; pictures of the ticket's files by address."""
        if not text:
            return "<div></div>"
        files = {file.name: file for file in media.files_of(record)} if record else {}

        def address(found: re.Match[str]) -> str:
            file = files.get(attachment_name(found[1] or found[2]))
            url = self._form.home + media.lasting_path(file) if file else ""
            return f"({url})" if found[1] else f'src="{url}"'

        return markdown_to_html(_ADDRESS.sub(address, text))

    def _record(self, id: str) -> Record:
        """Raises KeyError, also for what is in the bin."""
        if not id.isdecimal():
            raise KeyError(id)
        found = self._site.record(self._form.book.kind, int(id))
        if found.deleted:
            raise KeyError(id)
        return found

    @contextmanager
    def _work(self) -> Iterator[None]:
        """One at a time; what the rules refuse is what the screen would not take."""
        with self._site.lock:
            try:
                yield
            except FreshError as refused:
                raise ValueError(str(refused)) from refused


def _said(record: Record, id: str) -> Said:
    for said in record.said:
        if str(said.id) == id:
            return said
    raise KeyError(id)


def _markdown(html: str, files: list[File]) -> str:
    def picture(src: str) -> str | None:
        found = _PICTURE.search(src)
        names = {file.id: file.name for file in files}
        id = int(found[1]) if found else 0
        return attachment_link(names[id]) if id in names else None

    return html_to_markdown(html, image=picture)


def _moment(text: str | None) -> str | None:
    return text and datetime.fromisoformat(text).astimezone(UTC).isoformat()


def _chosen(labels: Mapping[str, int], label: Any) -> int | None:
    if label is None:
        return None
    if label not in labels:
        raise ValueError(f"no such choice: {label}")
    return labels[label]
