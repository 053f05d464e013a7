"""One list of records of one account with all that is around it: what a connector is made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any, BinaryIO

import requests

from tieline.connectors.base import Clock, Finding, Page, Site, Survey
from tieline.connectors.fresh import check, find
from tieline.connectors.fresh.api import PER_PAGE, Api
from tieline.connectors.fresh.changes import Changes
from tieline.connectors.fresh.fields import Fields
from tieline.connectors.fresh.files import Files, attachment_of, carrier_text
from tieline.connectors.fresh.html import to_html
from tieline.connectors.fresh.media import download
from tieline.connectors.fresh.people import Directory, People
from tieline.connectors.fresh.records import Records
from tieline.connectors.fresh.shape import Shape
from tieline.connectors.fresh.talk import Talk, Upload
from tieline.connectors.fresh.wire import ID, Raw, version_of
from tieline.connectors.http import media_type as header_type
from tieline.domain.errors import Gone, Refused, Transient
from tieline.domain.ticket import Attachment, Comment

_UNSURE = frozenset({"updated_since", "order_by", "order_type"})


class Account:
    """`records`, `talk`, `people` and `fields` are its parts; what takes several stands here."""

    def __init__(
        self,
        site: Site,
        base: str,
        shape: Shape,
        api: Api,
        agents: Directory,
        asking: Directory,
        session: requests.Session,
        clock: Clock,
        me: str = "",
    ) -> None:
        self._site = site
        self._base = base
        self._shape = shape
        self._api = api
        self._session = session
        self._ours = site.scope.get("correlation_field", "")
        self.people = People(api, agents, asking, me)
        self.fields = Fields(shape.standard, shape.lists, self._ours, self._form)
        self.talk = Talk(api, shape, self.people)
        self.records = Records(
            site, shape, self._ours, api, self.people, self.fields, self.talk, clock
        )

    def find(self, correlation: str, since: datetime) -> tuple[str, ...]:
        """See `fresh.find`."""
        order = {"order_by": "created_at", "order_type": "desc"}
        included = {"include": ",".join(self._shape.included)} if self._shape.included else {}

        def newest(after: str, number: int) -> tuple[list[Raw], bool]:
            try:
                return self._page("", after, number, **order, **included)
            except Refused:
                if not included:
                    raise
            return self._page("", after, number, **order)

        return find.carrying(
            self._api, self._shape, newest, self.records.raw, self._ours, correlation, since
        )

    def changes(self, cursor: str | None, now: datetime) -> Iterator[Page]:
        """See `fresh.changes`."""

        def oldest(filter: str, since: str, number: int) -> tuple[list[Raw], bool]:
            return self._page(filter, since, number, order_by="updated_at", order_type="asc")

        return Changes(oldest, self._shape.bins, self._ours).since(cursor, now)

    def add_comment(self, id: str, body: str, public: bool) -> Comment:
        """A note."""
        return self.talk.add(id, self._html(id, body), public=public, names=self._names(id))[0]

    def edit_comment(self, id: str, comment_id: str, body: str) -> Comment:
        return self.talk.edit(id, comment_id, self._html(id, body), self._names(id))

    def add_attachment(self, id: str, name: str, media_type: str, content: BinaryIO) -> Attachment:
        """On a note of ours, which says nothing but its name; on the record where notes cannot."""
        upload = (name, content.read(), header_type(media_type))
        if not self._shape.talks:
            return self._add_to_record(id, upload)
        text = f"<p>{escape(carrier_text(name), quote=False)}</p>"
        _, row = self.talk.add(id, text, public=True, names=dict, file=upload)
        return attachment_of(row["attachments"][0], ours=True)

    def open_attachment(self, id: str, attachment: Attachment) -> BinaryIO:
        """Its address is over after minutes, so the record is read for another."""
        url = self._files(id).address(attachment.id)
        return download(self._session, url, self._base, attachment.size, self._api.system)

    def delete_attachment(self, id: str, attachment_id: str) -> None:
        """With the note of ours that carried it. One that is gone already is no error."""
        if not ID.fullmatch(attachment_id):
            return
        try:
            said = self._files(id).said() if self._shape.talks else []
            note = self.talk.carrier(said, attachment_id)
            if note:
                self.talk.delete(id, note)
            else:
                parts = {"id": id, "file": attachment_id}
                self._api.call("DELETE", self._shape.file, parts=parts)
        except Gone:
            return

    def locate(self, name: str) -> str | None:
        """By id, key or address."""
        keys = (self._shape.key, *self._shape.keys.values())
        prefix = "|".join(re.escape(key.partition("{id}")[0].lstrip("#")) for key in keys)
        place = re.escape(self._shape.url.partition("{id}")[0])
        pattern = rf"(?:#?(?:{prefix})?|https?://\S+{place})([1-9][0-9]{{0,17}})/?(?:[?#]\S*)?"
        found = re.fullmatch(pattern, name.strip(), re.IGNORECASE)
        if found is None:
            return None
        try:
            return str(self.records.raw(found[1])["id"])
        except (Gone, Refused):
            return None

    def inspect(self, domain: str) -> Iterator[Finding]:
        """See `fresh.check`."""
        return check.findings(
            self._base, domain, self._shape, self._ours, self.people, self.fields, self._newest_row
        )

    def survey(self, names: Iterable[str]) -> Survey:
        """See `fresh.survey`."""
        from tieline.connectors.fresh.survey import surveyed  # noqa: PLC0415

        return surveyed(self._shape, self._ours, self._form(), names)

    def _form(self) -> list[Raw]:
        """Ticket fields: List all ticket fields."""
        found = self._api.call("GET", self._shape.fields, params=self._shape.params or None).json()
        rows = found.get(self._shape.fields_key) if self._shape.fields_key else found
        return [row for row in rows or () if isinstance(row, Mapping)]

    def _newest_row(self) -> list[Raw]:
        return self._page("", "", 1, order_by="created_at", order_type="desc", per_page=1)[0]

    def _page(self, filter: str, since: str, number: int, **order: Any) -> tuple[list[Raw], bool]:
        """Without `updated_since` a list shows only what was made in the last thirty days."""
        params: dict[str, Any] = {**self._shape.params, **order}
        params |= {"updated_since": since} if since else {}
        params |= {"filter": filter} if filter else {}
        try:
            return self._api.page(self._shape.path, self._shape.many, number=number, **params)
        except Refused as refused:
            if self._shape.ordered or not _UNSURE & set(refused.fields):
                raise
        return self._scanned(since, number, **order)

    def _scanned(
        self, since: str, number: int, order_by: str, order_type: str, per_page: int = PER_PAGE
    ) -> tuple[list[Raw], bool]:
        """A page of the whole list, put in order here: for lists that take no order themselves."""
        path, key = self._shape.path, self._shape.many
        found = [*self._api.everything(path, key, **self._shape.params)]
        changed = [row for row in found if version_of(row) >= since]
        changed.sort(key=lambda row: (str(row[order_by]), int(row["id"])))
        if order_type == "desc":
            changed.reverse()
        start = (number - 1) * per_page
        return changed[start : start + per_page], len(changed) > start + per_page

    def _add_to_record(self, id: str, upload: Upload) -> Attachment:
        """A file of the record itself, which does not say whose it is."""
        before = {str(file["id"]) for file in self.records.raw(id).get("attachments") or ()}
        shape, files = self._shape, [("attachments[]", upload)]
        # Asked twice, it would be there twice.
        made = self._api.one(
            "PUT", shape.record, shape.one, parts={"id": id}, files=files, safe=False
        )
        new = [file for file in made.get("attachments") or () if str(file["id"]) not in before]
        if not new:
            what = f"{self._api.system} PUT {shape.record} does not show the file that it took"
            raise Transient(what, uncertain=True)
        return attachment_of(max(new, key=lambda file: int(file["id"])), ours=True)

    def _files(self, id: str) -> Files:
        record = self.records.raw(id, "conversations")
        return Files(record, self.talk.of, self.people.me, carried=self._shape.talks)

    def _html(self, id: str, body: str) -> str:
        return to_html(body, self._site.url, lambda: self._files(id).names())

    def _names(self, id: str) -> Any:
        return lambda: self._files(id).names()
