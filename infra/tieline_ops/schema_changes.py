"""What changed in a system between two looks at it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tieline.connectors.base import FieldNow
from tieline.domain.ticket import Option
from tieline.runtime.facts import Facts
from tieline_ops.link_file.faults import listed

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is not as it was; `field` is the native name that link.yaml uses, or ""."""

    field: str
    what: str


def changes(before: Facts, after: Facts) -> tuple[Change, ...]:
    """Fields, options, people, rights and workflow, as far as both looks saw them."""
    return (
        *_fields(before, after),
        *_others(before, after),
        *_rights(before, after),
        *_people(before, after),
        *_ways(before, after),
    )


def _fields(before: Facts, after: Facts) -> Iterator[Change]:
    for name, was in before.specs.items():
        spec = after.specs.get(name)
        old = before.survey.fields.get(name) if before.survey else None
        new = after.survey.fields.get(name) if after.survey else None
        if spec is None or (old is not None and new is None and after.survey is not None):
            there = after.survey.fields.get(old.id) if old and after.survey else None
            became = f"is called {there.label!r} now" if there else "is gone"
            yield Change(name, f"{name!r} {became}")
            continue
        if spec.kind is not was.kind:
            yield Change(name, f"{name!r} holds {spec.kind} now, not {was.kind}")
        if spec.writable is not was.writable:
            yield Change(name, _locked(name, spec.writable))
        if old is not None and new is not None:
            yield from _now(name, old, new)
        yield from _options(name, before.options(name), after.options(name))


def _now(name: str, old: FieldNow, new: FieldNow) -> Iterator[Change]:
    if old.label != new.label:
        yield Change(name, f"{name!r} is called {new.label!r} now, not {old.label!r}")
    if old.required != new.required:
        became = f"must be filled {new.required}" if new.required else "need not be filled"
        yield Change(name, f"{name!r} {became} now")
    if None not in (old.writable, new.writable) and old.writable is not new.writable:
        yield Change(name, _locked(name, bool(new.writable)))


def _options(name: str, before: tuple[Option, ...], after: tuple[Option, ...]) -> Iterator[Change]:
    old, new = ({o.value: o.label for o in options} for options in (before, after))
    if not old or not new:
        return
    gone = [label for value, label in old.items() if value not in new]
    come = [label for value, label in new.items() if value not in old]
    if gone:
        yield Change(name, f"{name!r} has no {_list(gone)} any more")
    if come:
        yield Change(name, f"{name!r} has {_list(come)} now")
    for value, label in old.items():
        if new.get(value, label) != label:
            yield Change(name, f"{name!r}: {label!r} is called {new[value]!r} now")


def _others(before: Facts, after: Facts) -> Iterator[Change]:
    """Fields that the link does not name, and that a creation must carry."""
    if before.survey is None or after.survey is None:
        return
    linked = {now.id for now in before.survey.fields.values()}
    known = {(now.id, now.required) for now in before.survey.others}
    for now in after.survey.others:
        if (now.id, now.required) not in known and now.id not in linked:
            yield Change("", f"{now.label!r} must be filled {now.required} now")


def _rights(before: Facts, after: Facts) -> Iterator[Change]:
    if before.me and after.me and before.me != after.me:
        yield Change("", f"we are {after.me} there now, not {before.me}")
    now = {finding.what: finding.ok for finding in after.findings}
    for finding in before.findings:
        if now.get(finding.what, finding.ok) is not finding.ok:
            became = "is fine now" if now[finding.what] else "is wrong now"
            yield Change("", f"{finding.what}: {became}")


def _people(before: Facts, after: Facts) -> Iterator[Change]:
    for email, name in before.people.items():
        if name is not None and after.people.get(email, name) is None:
            yield Change("", f"{email} was {name}, and is nobody now")


def _ways(before: Facts, after: Facts) -> Iterator[Change]:
    if before.survey is None or after.survey is None:
        return
    for status, steps in before.survey.steps.items():
        lost = sorted(steps - after.survey.steps.get(status, steps))
        if lost:
            yield Change("", f"no way leads from {status!r} to {_list(lost)} any more")


def _locked(name: str, writable: bool) -> str:
    return f"{name!r} can be written now" if writable else f"{name!r} is read-only now"


def _list(labels: Iterable[str]) -> str:
    return listed([repr(label) for label in labels][:_SHOWN], "and")
