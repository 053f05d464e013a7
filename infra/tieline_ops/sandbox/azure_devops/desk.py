"""A person at work in a simulated Azure DevOps, in the words that all simulated systems share."""

from __future__ import annotations

import re
from datetime import datetime
from html import escape
from typing import Any

from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.links import attachment_link, attachment_name
from tieline.domain.richtext.markdown import normal_form
from tieline_ops.sandbox.azure_devops.content import Content, FieldDef
from tieline_ops.sandbox.azure_devops.people import BASE, People
from tieline_ops.sandbox.azure_devops.render import file_url, stamp
from tieline_ops.sandbox.azure_devops.state import ItemRow, Organisation
from tieline_ops.sandbox.azure_devops.tags import split
from tieline_ops.sandbox.desk import Said, Seen

_FILE = re.compile(r"/_apis/wit/attachments/([0-9a-f-]{36})")
_IMG = re.compile(r'<img src="(attachment:[^"]*)" alt="([^"]*)">')
_OURS = "tieline:"


class AzureDevOpsDesk:
    """Bugs, by reference name. Long texts are typed as HTML, as the form does."""

    def __init__(self, people: People, organisation: Organisation) -> None:
        self._people = people
        self._of = organisation

    def make(self, who: str, **fields: Any) -> str:
        return str(self._people.create(who, **self._values(None, fields)))

    def edit(self, who: str, id: str, **fields: Any) -> None:
        row = self._people.raw(int(id))
        for state in self._way(row, fields.get("System.State")):
            self._people.edit(who, row.id, **{"System.State": state})
        self._people.edit(who, row.id, **self._values(row, fields))

    def comment(self, who: str, id: str, text: str, *, public: bool = True) -> str:
        if not public:
            raise ValueError("Azure DevOps has no comments that are not public")
        row = self._people.raw(int(id))
        return str(self._people.comment(who, row.id, self._html(row, text)))

    def edit_comment(self, who: str, id: str, comment_id: str, text: str) -> None:
        row = self._people.raw(int(id))
        self._people.edit_comment(who, row.id, int(comment_id), self._html(row, text))

    def delete_comment(self, who: str, id: str, comment_id: str) -> None:
        self._people.delete_comment(who, int(id), int(comment_id))

    def attach(
        self,
        who: str,
        id: str,
        name: str,
        content: bytes,
        media_type: str = "text/plain",  # noqa: ARG002 - none is kept
    ) -> str:
        return self._people.attach(who, int(id), name, content)

    def delete_attachment(self, who: str, id: str, attachment_id: str) -> None:
        self._people.delete_attachment(who, int(id), attachment_id)

    def delete(self, who: str, id: str) -> None:
        self._people.delete(who, int(id))

    def ids(self) -> list[str]:
        return [str(number) for number in self._people.numbers()]

    def see(self, id: str) -> Seen:
        row = self._people.raw(int(id))
        content: Content = self._of.content
        has = [each for each in content.fields if content.has(row.type, each)]
        fields = {each.ref: self._shown(row, each) for each in has}
        files = {name: self._of.files[file].content for file, name in self._people.attached(row)}
        said = [
            Said(str(each.id), each.by, self._text(row, each.text, each.format), public=True)
            for each in row.comments
            if not each.deleted
        ]
        return Seen(str(row.id), str(row.id), fields, tuple(said), files)

    def _way(self, row: ItemRow, wanted: object) -> list[str]:
        """The states to pass through, one after the other."""
        moves, ways = self._of.content.type(row.type).moves, {row.fields["System.State"]: [""]}
        waiting = list(ways)
        while wanted and waiting:
            at = waiting.pop(0)
            for then in moves.get(at, ()):
                if then == wanted:
                    return ways[at][1:]
                if then not in ways:
                    ways[then] = [*ways[at], then]
                    waiting.append(then)
        return []

    def _values(self, row: ItemRow | None, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: self._typed(row, self._field(name), value) for name, value in fields.items()}

    def _field(self, ref: str) -> FieldDef:
        found = self._of.content.field(ref)
        if found is None:
            raise KeyError(ref)
        return found

    def _typed(self, row: ItemRow | None, field: FieldDef, value: Any) -> Any:
        if field.ref == "System.Tags":
            held = split(str(row.fields.get("System.Tags", ""))) if row else []
            ours = [tag for tag in held if tag.startswith(_OURS)]
            return "; ".join([*(value or ()), *ours])
        if field.type == "html" and value is not None:
            return self._html(row, value)
        return value

    def _html(self, row: ItemRow | None, md: str) -> str:
        """Pictures by their file's name are the addresses of the item's own files."""
        files = self._people.attached(row) if row else []
        urls = {name: file_url(self._of.files[file], BASE) for file, name in files}

        def image(found: re.Match[str]) -> str:
            name = attachment_name(found[1])
            if name not in urls:
                return escape(name)
            return f'<img src="{escape(urls[name])}" alt="{found[2]}">'

        return _IMG.sub(image, markdown_to_html(md))

    def _text(self, row: ItemRow, text: str, form: str) -> str:
        names = dict(self._people.attached(row))

        def image(src: str) -> str | None:
            found = _FILE.search(src)
            name = names.get(found[1]) if found else None
            return attachment_link(name) if name else None

        return normal_form(text) if form == "markdown" else html_to_markdown(text, image=image)

    def _shown(self, row: ItemRow, field: FieldDef) -> Any:
        held = row.fields.get(field.ref)
        if field.ref == "System.Tags":
            tags = [tag for tag in split(str(held or "")) if not tag.startswith(_OURS)]
            return tags or None
        if held is None:
            return None
        if isinstance(held, datetime):
            return stamp(held)
        if field.type == "html":
            form = row.formats.get(field.ref, "html")
            return self._text(row, str(held), form) or None
        return str(held) if field.values else held
