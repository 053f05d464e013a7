"""What people do in a simulated organisation, past its API, and plain ways to look at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tieline_ops.sandbox.azure_devops.content import PROJECT, User
from tieline_ops.sandbox.azure_devops.errors import AdoError
from tieline_ops.sandbox.azure_devops.patch import Patch, changed
from tieline_ops.sandbox.azure_devops.render import file_url, one_line, stamp
from tieline_ops.sandbox.azure_devops.state import CommentRow, ItemRow, Organisation

BASE = "https://dev.azure.com/fabrikam"


class People:
    """The people of one organisation. A user is named by e-mail, an item by its number.

    Fields are named by reference name, values as REST takes them; HTML is HTML. Raises KeyError
    for what does not exist, ValueError for what the form would not take.
    """

    def __init__(self, organisation: Organisation) -> None:
        self._of = organisation

    def create(self, user: str, type: str = "Bug", project: str = PROJECT, **fields: Any) -> int:
        """Make a work item; gives its number."""
        with self._of.lock:
            by = self._user(user)
            start = {"System.WorkItemType": type, "System.TeamProject": project}
            row = self._of.make(by, start)
            del self._of.items[row.id]
            state = fields.pop("System.State", None)
            made = self._patched(by, row, fields, new=True)
            self._of.items[made.id] = made
            self._of.save(by, made, {}, "created")
            if state and state != made.fields["System.State"]:
                self.edit(user, made.id, **{"System.State": state})
            return made.id

    def edit(self, user: str, id: int, **fields: Any) -> None:
        """Set fields; None empties one. `formats` sets a long text's format along with it."""
        with self._of.lock:
            by, old = self._user(user), self.raw(id)
            made = self._patched(by, old, fields, new=False)
            if changed(made, old):
                self._of.items[id] = made
                self._of.save(by, made, old.fields, "updated")

    def comment(self, user: str, id: int, text: str, form: str = "html") -> int:
        """Say something, in HTML or Markdown; gives the comment's number."""
        with self._of.lock:
            return self._of.comment(self._user(user), self.raw(id), text, form).id

    def edit_comment(self, user: str, id: int, comment: int, text: str) -> None:
        with self._of.lock:
            row = self.raw(id)
            self._of.change_comment(self._user(user), row, self._comment(row, comment), text, None)

    def delete_comment(self, user: str, id: int, comment: int) -> None:
        with self._of.lock:
            row = self.raw(id)
            self._of.change_comment(self._user(user), row, self._comment(row, comment), None, None)

    def attach(self, user: str, id: int, name: str, content: bytes, note: str = "by hand") -> str:
        """Add a file; gives its id."""
        with self._of.lock:
            file = self._of.upload(name, content)
            value = {
                "rel": "AttachedFile",
                "url": file_url(file, BASE),
                "attributes": {"name": name, "comment": note},
            }
            self._ops(user, id, [{"op": "add", "path": "/relations/-", "value": value}])
            return file.id

    def paste(self, user: str, id: int, content: bytes, ref: str = "System.Description") -> str:
        """Paste a picture into a text, where it is tied to nothing; gives its address."""
        with self._of.lock:
            url = file_url(self._of.upload("image.png", content), BASE)
            held = self.raw(id).fields.get(ref, "")
            self.edit(user, id, **{ref: f'{held}<div><img src="{url}"></div>'})
            return url

    def delete_attachment(self, user: str, id: int, file: str) -> None:
        with self._of.lock:
            places = [n for n, each in enumerate(self.raw(id).relations) if each["url"] == file]
            if not places:
                raise KeyError(file)
            self._ops(user, id, [{"op": "remove", "path": f"/relations/{places[0]}"}])

    def copy(self, user: str, id: int) -> int:
        """The form's command "Create copy of work item": tags and links come along."""
        with self._of.lock:
            by, row = self._user(user), self.raw(id)
            left = {"System.Rev", "System.CommentCount", "System.State", "System.Reason"}
            fields = {r: v for r, v in row.fields.items() if r not in left}
            made = self._of.make(by, fields)
            made.relations = [dict(each) for each in row.relations]
            self._of.save(by, made, {}, "created")
            return made.id

    def move(self, user: str, id: int, project: str) -> None:
        """To another project of the organisation."""
        self.edit(user, id, **{"System.TeamProject": project, "System.AreaPath": project})

    def change_type(self, user: str, id: int, type: str) -> None:
        self.edit(user, id, **{"System.WorkItemType": type})

    def delete(self, user: str, id: int) -> None:
        """Into the recycle bin."""
        with self._of.lock:
            self._of.delete(self._user(user), self.raw(id))

    def restore(self, user: str, id: int) -> None:
        """Out of the recycle bin."""
        with self._of.lock:
            row = self._of.items[id]
            self._of.restore(self._user(user), row)

    def raw(self, id: int) -> ItemRow:
        """An item that is there. Raises KeyError."""
        found = self._of.items.get(int(id))
        if found is None or found.deleted:
            raise KeyError(id)
        return found

    def numbers(self) -> list[int]:
        """All items that are there, oldest first."""
        return sorted(id for id, row in self._of.items.items() if not row.deleted)

    def work_item(self, id: int) -> dict[str, Any]:
        """An item with people as one line, its comments and its files."""
        row = self.raw(id)
        return {
            "id": row.id,
            "rev": row.rev,
            "fields": {ref: self._shown(ref, held) for ref, held in row.fields.items()},
            "formats": dict(row.formats),
            "comments": [self._said(each) for each in row.comments if not each.deleted],
            "attachments": [
                {"id": f, "name": name, "content": self._of.files[f].content}
                for f, name in self.attached(row)
            ],
        }

    def attached(self, row: ItemRow) -> list[tuple[str, str]]:
        """Ids and names of an item's files, oldest first."""
        files = [each for each in row.relations if each["rel"] == "AttachedFile"]
        return [(str(each["url"]), str(each["attributes"]["name"])) for each in files]

    def _shown(self, ref: str, held: Any) -> Any:
        field = self._of.content.field(ref)
        if isinstance(held, datetime):
            return stamp(held)
        return one_line(self._user(held)) if field is not None and field.identity else held

    def _said(self, row: CommentRow) -> dict[str, Any]:
        return {"id": row.id, "author": row.by, "text": row.text, "format": row.format}

    def _user(self, name: str) -> User:
        return self._of.content.user(name)

    def _comment(self, row: ItemRow, id: int) -> CommentRow:
        for each in row.comments:
            if each.id == int(id) and not each.deleted:
                return each
        raise KeyError(id)

    def _ops(self, user: str, id: int, ops: list[dict[str, Any]]) -> None:
        by, old = self._user(user), self.raw(id)
        made = _taken(Patch(self._of, by, formats=True), old, ops)
        self._of.items[id] = made
        self._of.save(by, made, old.fields, "updated")

    def _patched(self, by: User, row: ItemRow, fields: dict[str, Any], *, new: bool) -> ItemRow:
        formats = fields.pop("formats", {})
        ops = [
            {"op": "add", "path": f"/multilineFieldsFormat/{ref}", "value": form}
            for ref, form in formats.items()
        ]
        for ref, value in fields.items():
            kind = "replace" if ref == "System.Tags" else "add"
            text = "; ".join(value) if isinstance(value, list) else value
            ops.append({"op": kind, "path": f"/fields/{ref}", "value": text})
        return _taken(Patch(self._of, by, formats=True, new=new), row, ops)


def _taken(patch: Patch, row: ItemRow, ops: list[dict[str, Any]]) -> ItemRow:
    try:
        return patch.applied(row, ops)
    except AdoError as refused:
        raise ValueError(str(refused)) from refused
