"""Which files are copied and deleted where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tieline.domain.link import AttachmentsRule, Link
from tieline.domain.parts import PartsPlan, intent
from tieline.domain.plan import AddAttachment, DeleteAttachment
from tieline.domain.ticket import Attachment, Ticket
from tieline.domain.twin import PartKind, PartState, PartTwin, Twin


def file_mark(file: Attachment) -> str:
    """What tells one file from another where systems give no digest: its name and size."""
    return f"{file.name}|{file.size}"


def plan_attachments(
    link: Link,
    twin: Twin,
    tickets: Mapping[str, Ticket],
    parts: Sequence[PartTwin],
    now: datetime,
) -> PartsPlan:
    """What brings the files of both sides together. A side with None has not changed."""
    known = {p.key: p for p in parts if p.kind is PartKind.ATTACHMENT}
    plan = PartsPlan(known)
    if link.attachments is None:
        return plan
    for side in link.order:
        plan.adopt(side, tickets[side].attachments or (), partial(_is_copy, side=side))
    for side in link.order:
        files = tickets[side].attachments
        if files is not None:
            one = _OneSide(link.attachments, twin, side, link.other(side), plan, now)
            one.copies(files, tickets[one.target].attachments or ())
            one.deletes(files)
    return plan


@dataclass
class _OneSide:
    """The files of one side, on their way to the other."""

    rule: AttachmentsRule
    twin: Twin
    side: str
    target: str
    plan: PartsPlan
    now: datetime

    def copies(self, files: Sequence[Attachment], there: Sequence[Attachment]) -> None:
        by_id, bound = self.plan.by_id(self.side), self.plan.by_id(self.target)
        free = [file for file in there if file.id not in bound]
        for file in sorted(files, key=lambda f: (f.created, len(f.id), f.id)):
            part = by_id.get(file.id)
            if part is None:
                marks = {side: file_mark(file) for side in (self.side, self.target)}
                part = intent(self.twin, PartKind.ATTACHMENT, self.side, file.id, marks, self.now)
                if self._pair(part, file, free):
                    continue
                # A file of our own that no twin knows is a copy that another link made.
                if self.target in self.rule.targets and not file.ours:
                    self._add(part, file)
            elif part.origin == self.side and part.state is PartState.CREATING:
                self._add(part, file)

    def _pair(self, part: PartTwin, file: Attachment, free: list[Attachment]) -> bool:
        """The same file stands on both sides already: they are each other's twin."""
        same = next((other for other in free if file_mark(other) == file_mark(file)), None)
        if same is None:
            return False
        free.remove(same)
        ids = {**part.ids, self.target: same.id}
        self.plan.keep(replace(part, state=PartState.LIVE, ids=ids))
        return True

    def _add(self, part: PartTwin, file: Attachment) -> None:
        if file.size > self.rule.max_bytes:
            self.plan.keep(replace(part, state=PartState.ENDED))
        else:
            self.plan.actions.append(AddAttachment(self.target, part, file))

    def deletes(self, files: Sequence[Attachment]) -> None:
        present = {file.id for file in files}
        for part in list(self.plan.known.values()):
            here = part.ids.get(self.side, "")
            if part.state is PartState.ENDED or not here or here in present:
                continue
            ended = replace(part, state=PartState.ENDED)
            copied = part.origin == self.side and self.target in part.ids
            if copied and self.target in self.rule.targets:
                self.plan.actions.append(DeleteAttachment(self.target, ended))
            else:
                self.plan.keep(ended)


def _is_copy(part: PartTwin, file: Attachment, side: str) -> bool:
    """Whether a file is the copy that an intent was about."""
    return file.ours and file_mark(file) == part.marks.get(side)
