"""The conditions of a `when`, compiled and checked."""

from __future__ import annotations

from tieline.domain.convert import Untranslatable, parse_text
from tieline.domain.link import Test
from tieline.domain.ticket import FieldSpec, Kind
from tieline.domain.when import BadPattern, searcher
from tieline_ops.link_file.faults import Faults, Path, did_you_mean, listed
from tieline_ops.link_file.fields import is_moment
from tieline_ops.link_file.models import TestModel

_LONGEST_PATTERN = 200


def compiled_test(raw: TestModel, spec: FieldSpec, path: Path, faults: Faults) -> Test:
    """One field's test. A text alone is `equals`, a list `any of`."""
    if not raw.model_fields_set:
        remedy = "write a value, a list of values, or one of equals, not, has, matches, before, "
        faults.add(path, "says nothing", remedy + "after and empty")
    for key, words in (("equals", raw.equals), ("not", raw.not_), ("has", raw.has)):
        _check_words(words, spec, (*path, key), faults)
    if raw.matches is not None:
        _check_pattern(raw.matches, (*path, "matches"), faults)
    for key, moment in (("before", raw.before), ("after", raw.after)):
        if moment is not None and not is_moment(moment):
            remedy = "write it as 2026-11-30 or 2026-11-30T10:00:00Z"
            faults.add((*path, key), f"{moment!r} is no date", remedy)
    return Test(
        any_of=_tuple(raw.equals),
        none_of=_tuple(raw.not_),
        has=_tuple(raw.has),
        matches=raw.matches,
        before=raw.before,
        after=raw.after,
        empty=raw.empty,
    )


def _tuple(words: list[str] | None) -> tuple[str, ...] | None:
    return None if words is None else tuple(words)


def _check_words(words: list[str] | None, spec: FieldSpec, path: Path, faults: Faults) -> None:
    if words is not None and not words:
        faults.add(path, "is an empty list", "name at least one value")
    if spec.kind not in {Kind.OPTION, Kind.OPTIONS} or not spec.options:
        return
    labels = [option.label for option in spec.options]
    for word in words or ():
        try:
            parse_text(word, spec)
        except Untranslatable:
            remedy = did_you_mean(word, labels, f"it can be {listed(labels[:12])}")
            faults.add(path, f"{spec.name} is never {word!r}", remedy)


def _check_pattern(pattern: str, path: Path, faults: Faults) -> None:
    if len(pattern) > _LONGEST_PATTERN:
        faults.add(path, "is too long a pattern", f"keep it under {_LONGEST_PATTERN} characters")
    else:
        try:
            searcher(pattern)
        except BadPattern as wrong:
            faults.add(path, f"is no pattern: {wrong}", "put \\ before . ( [ + * ? to mean them")
