"""The files of a record: its own, and those of what is said on it in public."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tieline.connectors.fresh.talk import CARRIER
from tieline.connectors.fresh.wire import Raw, digest, moment_of
from tieline.domain.errors import Gone
from tieline.domain.ticket import Attachment, Person


class Files:
    """The files of one record that was read; its conversations are asked for when needed.

    A file has no author. One on a note of ours is ours, so our files are added by notes, where
    notes can hold files (`carried`).
    """

    def __init__(
        self,
        record: Raw,
        talk: Callable[[Raw], list[Raw]],
        me: Callable[[], Person],
        *,
        carried: bool,
    ) -> None:
        self._record = record
        self._talk = talk
        self._me = me
        self._carried = carried
        self._said: list[Raw] | None = None

    def said(self) -> list[Raw]:
        """The record's conversations."""
        if self._said is None:
            self._said = self._talk(self._record)
        return self._said

    def names(self) -> Mapping[str, str]:
        """Names by id, of all files that can be seen."""
        return {str(file["id"]): str(file["name"]) for file, _ in self._all()}

    def attachments(self) -> tuple[Attachment, ...]:
        """Those that are public, oldest first."""
        me = self._me().id
        found = [attachment_of(file, ours=author == me) for file, author in self._public()]
        return tuple(sorted(found, key=lambda file: (file.created, int(file.id))))

    def mark(self) -> str:
        return digest(sorted(str(file["id"]) for file, _ in self._public()))

    def address(self, id: str) -> str:
        """Where a file can be had now. Raises Gone."""
        for file, _ in self._public():
            if str(file["id"]) == id:
                return str(file["attachment_url"])
        raise Gone("a file that was asked for is not on its record any more")

    def _all(self) -> Iterator[tuple[Raw, str]]:
        yield from ((file, "") for file in self._record.get("attachments") or ())
        for row in self.said() if self._carried else ():
            yield from ((file, str(row.get("user_id"))) for file in row.get("attachments") or ())

    def _public(self) -> Iterator[tuple[Raw, str]]:
        """What is attached to a private note is as private as its words."""
        yield from ((file, "") for file in self._record.get("attachments") or ())
        for row in self.said() if self._carried else ():
            if row.get("private") is False:
                yield from (
                    (file, str(row.get("user_id"))) for file in row.get("attachments") or ()
                )


def carrier_text(name: str) -> str:
    """The words of the note that carries a file."""
    return CARRIER + name


def attachment_of(file: Raw, *, ours: bool) -> Attachment:
    """Old data calls the size `file_size`."""
    size = file.get("size", file.get("file_size"))
    return Attachment(
        id=str(file["id"]),
        name=str(file["name"]),
        media_type=str(file.get("content_type") or "application/octet-stream"),
        size=int(size or 0),
        created=moment_of(str(file["created_at"])),
        ours=ours,
    )
