"""What the base holds of a field that was just written and read back."""

from __future__ import annotations

import re

from tieline.domain.convert import alike, is_empty
from tieline.domain.marks import mark
from tieline.domain.ticket import FieldSpec, Kind, Value
from tieline.domain.twin import Mark

_WORD = re.compile(r"\w+")


def written_mark(sent: Value, got: Value, spec: FieldSpec, *, edited: bool = True) -> Mark:
    """The mark of what came back, if that is what was sent, as the system likes to hold it.

    Otherwise somebody edited between the write and the read: the mark of what was sent, against
    which the edit shows as one. Without `edited` nobody can have: then a system may even have
    left out words.
    """
    return mark(got if _is(sent, got, spec, edited=edited) else sent)


def may_be_ours(sent: Value, got: Value, spec: FieldSpec) -> bool:
    """Whether a system may have made `got` of a write of ours of which there is no record.

    All words are there, and in their order; a person may have written to the same field since.
    """
    if alike(sent, got, spec):
        return True
    if not isinstance(sent, str) or not isinstance(got, str):
        return False
    words = _WORD.findall(sent)
    return words != [] and words == _WORD.findall(got)


def _is(sent: Value, got: Value, spec: FieldSpec, *, edited: bool) -> bool:
    if alike(sent, got, spec):
        return True
    if not isinstance(sent, str) or not isinstance(got, str) or is_empty(got):
        return False
    if not edited:
        return set(_WORD.findall(got)) <= set(_WORD.findall(sent))
    from tieline.domain.richtext.said import says  # noqa: PLC0415 - slow to import

    return says(sent, got, rich=spec.kind is Kind.RICH)
