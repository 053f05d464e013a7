"""An issue as a ticket shows it: its fields, its comments and its files, which lie in its texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from tieline.connectors.base import Want
from tieline.connectors.github.api import FULL, ISSUE, Api
from tieline.connectors.github.assets import (
    HOME,
    Asset,
    asset_id,
    assets_in,
    merged,
    names_of,
    shown_in,
)
from tieline.connectors.github.comments import Comments
from tieline.connectors.github.files import Branch, Store, attachment_of, file_comment
from tieline.connectors.github.people import People
from tieline.connectors.github.stamps import moment_of
from tieline.connectors.github.text import AddressOf, NameOf, from_github
from tieline.connectors.github.wire import Field, Form, digest, value_of
from tieline.domain.errors import Gone
from tieline.domain.ticket import Attachment, Comment, Value

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """The parts of a ticket that are read from an issue's texts."""

    fields: Mapping[str, Value]
    comments: tuple[Comment, ...] | None
    comments_mark: str
    attachments: tuple[Attachment, ...] | None
    attachments_mark: str


class Showing:
    """Reads the issues of one repository."""

    def __init__(
        self, api: Api, comments: Comments, people: People, store: Store, branch: Branch, site: str
    ) -> None:
        self._api = api
        self._comments = comments
        self._people = people
        self._store = store
        self._branch = branch
        self._sites = {HOME, site}
        self._public: bool | None = None

    def of(self, issue: Json, want: Want, fields: Mapping[str, Field], label: str) -> Shown:
        """What is wanted of an issue whose body came as text and as HTML."""
        number, parts = str(issue["number"]), want.comments or want.attachments
        comments = self._comments.listed(number, int(issue.get("comments", 0))) if parts else []
        mine = self._comments.files(comments)
        assets = self._assets(issue, comments)
        comments_mark = self._comments.mark(comments) if want.comments else ""
        files_mark = _files_mark(assets, mine) if want.attachments else ""
        say = want.comments and comments_mark != want.comments_mark
        show = want.attachments and files_mark != want.attachments_mark
        shown = self._shown(issue, comments if say or show else [], assets)
        names = names_of(assets, shown)
        name_of = self._name_of(names, shown, mine)
        return Shown(
            fields={n: self._value(issue, f, name_of, label) for n, f in fields.items()},
            comments=self._comments.read(comments, name_of) if say else None,
            comments_mark=comments_mark,
            attachments=self._files(assets, shown, names, mine) if show else None,
            attachments_mark=files_mark,
        )

    def open(self, issue: Json, attachment: Attachment) -> BinaryIO:
        """The content of a file in an issue's texts. Raises Gone."""
        number, count = str(issue["number"]), int(issue.get("comments", 0))
        comments = self._comments.listed(number, count)
        assets = self._assets(issue, comments)
        found = next((asset for asset in assets if asset.id == attachment.id), None)
        if found is None:
            raise Gone("github: no text of the issue shows the file any more")
        shown = self._shown(issue, comments, [found])
        return self._store.open(found, shown, attachment.size, self.is_public)

    def address_of(self, issue: Json) -> AddressOf:
        """Addresses of an issue's files by name; comments are looked at only if they must be."""
        known: dict[str, str] = {}
        looked: list[bool] = []

        def find(name: str) -> str | None:
            if name not in known and len(looked) < 2:
                comments = self._all_comments(issue) if looked else []
                looked.append(True)
                known.update(self._addresses(issue, comments))
                return find(name)
            return known.get(name)

        return find

    def address_for(self, number: str, body: str) -> AddressOf:
        """The same for a text that is about to be written; the issue is read only if it must be."""
        if "attachment:" not in body:
            return _nothing
        try:
            issue = self._api.json("GET", ISSUE, parts={"number": number}, headers={"Accept": FULL})
        except Gone as gone:
            raise self._api.missing(gone.what) from None
        return self.address_of(issue)

    def names(self, number: str) -> NameOf:
        """Names of an issue's files by address."""
        issue = self._api.json("GET", ISSUE, parts={"number": number}, headers={"Accept": FULL})
        comments = self._all_comments(issue)
        assets = self._assets(issue, comments)
        shown = self._shown(issue, comments, assets)
        return self._name_of(names_of(assets, shown), shown, self._comments.files(comments))

    def is_public(self) -> bool:
        """Whether everybody may see the repository; asked for once."""
        if self._public is None:
            self._public = self._api.about().get("private") is False
        return self._public

    def _all_comments(self, issue: Json) -> list[Json]:
        return self._comments.listed(str(issue["number"]), int(issue.get("comments", 0)))

    def _assets(self, issue: Json, comments: Sequence[Json]) -> list[Asset]:
        texts = [issue, *(each for each in comments if not file_comment(each))]
        return merged(
            asset
            for text in texts
            for asset in assets_in(text.get("body"), self._sites, moment_of(text["created_at"]))
        )

    def _shown(
        self, issue: Json, comments: Sequence[Json], assets: Sequence[Asset]
    ) -> Mapping[str, str]:
        """Signed addresses: those of the body came along, those of comments are asked for."""
        shown = dict(shown_in(issue.get("body_html")))
        missing = {asset.id for asset in assets if asset.named == ""} - shown.keys()
        if comments and any(id in str(each.get("body")) for each in comments for id in missing):
            full = self._comments.listed(str(issue["number"]), len(comments), full=True)
            shown |= shown_in(*(each.get("body_html") for each in full))
        return shown

    def _name_of(
        self, names: Mapping[str, str], shown: Mapping[str, str], mine: Sequence[Json]
    ) -> NameOf:
        ours = {address: name for name, address in self._of_ours(mine).items()}

        def find(src: str, _alt: str) -> str | None:
            id = asset_id(src)
            if id in names and (id in shown or self.is_public()):
                return names[id]
            return ours.get(src)

        return find

    def _addresses(self, issue: Json, comments: Sequence[Json]) -> dict[str, str]:
        """Addresses of the files in these texts, by name."""
        assets = self._assets(issue, comments)
        names = names_of(assets, self._shown(issue, comments, assets))
        theirs = {names[asset.id]: HOME + asset.path for asset in assets}
        return {**self._of_ours(self._comments.files(comments)), **theirs}

    def _of_ours(self, mine: Sequence[Json]) -> dict[str, str]:
        """Addresses of our own files, by name."""
        found = (file_comment(each) for each in mine)
        return {f.get("name", ""): self._branch.picture(f["path"]) for f in found if f.get("name")}

    def _files(
        self,
        assets: Sequence[Asset],
        shown: Mapping[str, str],
        names: Mapping[str, str],
        mine: Sequence[Json],
    ) -> tuple[Attachment, ...]:
        theirs = self._store.described(assets, shown, names, self.is_public)
        ours = (attachment_of(each, file_comment(each)) for each in mine)
        return (*theirs, *ours)

    def _value(self, issue: Json, field: Field, name_of: NameOf, label: str) -> Value:
        match field.form:
            case Form.BODY:
                return from_github(issue.get("body"), name_of) or None
            case Form.ASSIGNEE:
                return self._people.full(next(iter(issue.get("assignees") or ()), None))
            case Form.AUTHOR:
                return self._people.full(issue.get("user"))
            case _:
                return value_of(issue, field, label)


def _nothing(_name: str) -> None:
    """A text without files."""


def _files_mark(assets: Sequence[Asset], mine: Sequence[Json]) -> str:
    return digest([*sorted(asset.id for asset in assets), *sorted(int(m["id"]) for m in mine)])
