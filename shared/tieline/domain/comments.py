"""Which comments are copied, edited and deleted where."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tieline.domain.link import CommentsRule, Link
from tieline.domain.parts import PartsPlan, intent, part_key, text_mark
from tieline.domain.plan import AddComment, DeleteComment, EditComment
from tieline.domain.ticket import Comment, Ticket
from tieline.domain.twin import PartKind, PartState, PartTwin, Twin

_WORD = re.compile(r"\w+")
EDIT = "~edited~"
"""Between a comment's id and the moment of an edit, in the id of the comment that tells of it."""


def comment_body(rule: CommentsRule, comment: Comment) -> str:
    """The copy's text: the comment in the link's template, e.g. `{author}: {body}`."""
    from tieline.domain.richtext.markdown_writer import literal  # noqa: PLC0415 - slow to import

    # A name is words: what looks like Markdown in it must not mention, link or hide anything.
    author = literal(comment.author.name if comment.author else "somebody")
    # The comment's own braces are text: the template is cut before anything is put into it.
    pieces = (piece.replace("{author}", author) for piece in rule.template.split("{body}"))
    return comment.body.join(pieces)


def plan_comments(
    link: Link,
    twin: Twin,
    tickets: Mapping[str, Ticket],
    parts: Sequence[PartTwin],
    editable: frozenset[str],
    now: datetime,
) -> PartsPlan:
    """What brings the comments of both sides together. A side with None has not changed.

    On a side that is not `editable` a comment stays as it is written: an edit of its original is
    told there by a further comment.
    """
    known = {p.key: p for p in parts if p.kind is PartKind.COMMENT}
    plan = PartsPlan(known)
    if link.comments is None:
        return plan
    for side in link.order:
        plan.adopt(side, tickets[side].comments or (), partial(is_copy, side=side))
    for side in link.order:
        comments = tickets[side].comments
        if comments is not None:
            one = _OneSide(link.comments, twin, side, link.other(side), editable, plan, now)
            one.copies(comments)
            one.deletes(comments)
    return plan


@dataclass
class _OneSide:
    """The comments of one side, on their way to the other."""

    rule: CommentsRule
    twin: Twin
    side: str
    target: str
    editable: frozenset[str]
    plan: PartsPlan
    now: datetime

    def copies(self, comments: Sequence[Comment]) -> None:
        by_id = self.plan.by_id(self.side)
        for comment in sorted(comments, key=lambda c: (c.created, len(c.id), c.id)):
            part = by_id.get(comment.id)
            if part is None:
                # A comment of our own that no twin knows is a copy that another link made.
                if not (comment.correlation or comment.ours) and self._crosses(comment):
                    self._add(self._intent(comment.id, comment), comment)
            elif part.origin != self.side or part.state is PartState.ENDED:
                continue
            elif part.state is PartState.CREATING:
                self._add(part, comment)
            elif part.marks.get(self.side) != text_mark(comment.body) and self._crosses(comment):
                self._edit(part, comment)

    def deletes(self, comments: Sequence[Comment]) -> None:
        present = {comment.id for comment in comments}
        for part in list(self.plan.known.values()):
            here = part.ids.get(self.side, "").partition(EDIT)[0]
            if part.state is PartState.ENDED or not here or here in present:
                continue
            ended = replace(part, state=PartState.ENDED)
            copied = part.origin == self.side and self.target in part.ids
            if copied and self.target in self.editable:
                self.plan.actions.append(DeleteComment(self.target, ended))
            else:
                self.plan.keep(ended)

    def _crosses(self, comment: Comment) -> bool:
        return self.target in (self.rule.targets if comment.public else self.rule.internal)

    def _intent(self, id: str, comment: Comment) -> PartTwin:
        marks = {self.side: text_mark(comment.body)}
        return intent(self.twin, PartKind.COMMENT, self.side, id, marks, self.now)

    def _add(self, part: PartTwin, comment: Comment, prefix: str = "") -> None:
        body = prefix + comment_body(self.rule, comment)
        marks = {self.side: text_mark(comment.body), self.target: copy_mark(body)}
        part = replace(part, marks=marks)
        self.plan.actions.append(AddComment(self.target, part, body, comment.public))

    def _edit(self, part: PartTwin, comment: Comment) -> None:
        body, told = comment_body(self.rule, comment), text_mark(comment.body)
        marks = {self.side: told, self.target: copy_mark(body)}
        if self.target in self.editable:
            self.plan.actions.append(EditComment(self.target, replace(part, marks=marks), body))
            return
        edit = f"{comment.id}{EDIT}{comment.updated.isoformat()}"
        teller = self.plan.known.get(part_key(self.twin, PartKind.COMMENT, self.side, edit))
        if teller is not None and teller.state is not PartState.CREATING:
            self.plan.keep(replace(part, marks={**part.marks, self.side: told}))
        else:
            self._add(teller or self._intent(edit, comment), comment, "(edited) ")


def is_copy(part: PartTwin, comment: Comment, side: str) -> bool:
    """Whether a comment is the copy that an intent was about: by its correlation or its text."""
    if comment.correlation:
        return comment.correlation == part.key
    return comment.ours and copy_mark(comment.body) == part.marks.get(side)


def copy_mark(body: str) -> str:
    """What a copy is known by where it carries no correlation: its words, without formatting.

    Systems spell the same text differently, so neither side's own spelling can be compared.
    """
    from tieline.domain.richtext.plain import markdown_to_plain  # noqa: PLC0415 - slow to import

    return text_mark(" ".join(_WORD.findall(markdown_to_plain(body))))
