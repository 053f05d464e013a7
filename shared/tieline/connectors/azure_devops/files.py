"""Files of work items: uploaded by themselves, then tied to an item by a relation.

Azure DevOps REST 7.1: Attachments; Work items: Update. A relation is removed by its place in the
list, so that is done only under `test /rev`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, cast

from tieline.connectors.azure_devops.api import ITEM, Api
from tieline.connectors.azure_devops.text import GUID, file_of, pasted
from tieline.connectors.azure_devops.wire import ATTACHED, OURS, Item
from tieline.connectors.azure_devops.write import at_rev, attached, op
from tieline.domain.errors import Gone, Refused, Stale, Transient

UPLOAD = "/{project}/_apis/wit/attachments"
CONTENT = "/{project}/_apis/wit/attachments/{id}"
_TRIES = 4
_LARGEST = 130_000_000
"""Bytes that one upload may have."""

ReadItem = Callable[[str], Item]


class Files:
    """The files of one project's items."""

    def __init__(self, api: Api, project: str, read: ReadItem) -> None:
        self._api = api
        self._project = project
        self._read = read
        self._sizes: dict[str, int] = {}

    def add(self, id: str, name: str, content: BinaryIO) -> Mapping[str, Any]:
        """The relation of a new file. An upload that is tied to nothing is harmless."""
        made = self._api.json(
            "POST",
            UPLOAD,
            parts={"project": self._project},
            params={"fileName": name},
            data=content.read(),
            headers={"Content-Type": "application/octet-stream"},
            # Each is a file of its own; only the relation makes it one of a ticket.
            safe=True,
        )
        file = file_of(made.get("url"))
        if not file:
            raise Transient("azure-devops answered an upload without its address", uncertain=True)
        item = self._tied(id, [attached(str(made["url"]), name, OURS)], file)
        return self._relation(item, file)

    def open(self, id: str, file: str, name: str, size: int) -> BinaryIO:
        """The content of one of the item's files: others' are not given, nor one untied since."""
        item = self._read(id)
        if not _stands_in(item, file):
            self._relation(item, file)
        return self._content(file, name, size)

    def size(self, file: str) -> int | None:
        """Of a picture in a text, which is told nowhere: its content is fetched, once.

        None where there is no such file.
        """
        if file not in self._sizes:
            try:
                with self._content(file, file, _LARGEST) as content:
                    self._sizes[file] = content.seek(0, 2)
            except Gone:
                return None
        return self._sizes[file]

    def _content(self, file: str, name: str, size: int) -> BinaryIO:
        response = self._api.call(
            "GET",
            CONTENT,
            parts={"project": self._project, "id": file},
            params={"fileName": name, "download": "true"},
            headers={"Accept": "application/octet-stream"},
            file=size,
        )
        return cast("BinaryIO", response.raw)

    def delete(self, id: str, file: str) -> None:
        """Untie one; it is no error if it is gone already."""
        for attempt in range(1, _TRIES + 1):
            item = self._read(id)
            place = _place(item, file)
            if place is None:
                return
            ops = [at_rev(str(item["rev"])), op("remove", f"/relations/{place}")]
            try:
                self._api.patch("PATCH", ITEM, ops, parts=self._parts(id), safe=True)
            except Stale:
                if attempt == _TRIES:
                    raise
                continue
            return

    def _tied(self, id: str, ops: list[dict[str, Any]], file: str) -> Item:
        try:
            return self._api.patch("PATCH", ITEM, ops, parts=self._parts(id), safe=True)
        except (Refused, Stale):
            # The answer to the first try may have been lost: "Relation already exists".
            item = self._read(id)
            if _place(item, file) is None:
                raise
            return item

    def _relation(self, item: Item, file: str) -> Mapping[str, Any]:
        place = _place(item, file) if GUID.fullmatch(file) else None
        if place is None:
            raise Gone(f"azure-devops GET {CONTENT}: the work item has no such file")
        found: Mapping[str, Any] = item["relations"][place]
        return found

    def _parts(self, id: str) -> dict[str, str]:
        return {"project": self._project, "id": id}


def _stands_in(item: Item, file: str) -> bool:
    """Whether one of the item's texts shows this file."""
    held = (item.get("fields") or {}).values()
    return any(file in pasted(text, ()) for text in held if isinstance(text, str))


def _place(item: Item, file: str) -> int | None:
    for place, relation in enumerate(item.get("relations") or ()):
        if relation.get("rel") == ATTACHED and file_of(relation.get("url")) == file.lower():
            return place
    return None
