"""Records made and changed, by people and by the API alike; what a list of them takes is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tieline_ops.sandbox.fresh.content import Field, User
from tieline_ops.sandbox.fresh.errors import Fault, fault, invalid, not_allowed
from tieline_ops.sandbox.fresh.http import one_of
from tieline_ops.sandbox.fresh.state import File, Record, Site
from tieline_ops.sandbox.fresh.values import Rule, checked, empty

Upload = tuple[str, bytes, str]
"""A file's name, content and type."""
WHO = ("requester_id", "email", "phone", "unique_external_id", "twitter_id", "facebook_id")
"""By any of these a requester is named."""
KEYS: Mapping[str, tuple[str, ...]] = {
    "agent": ("responder_id", "agent_id"),
    "group": ("group_id",),
    "product": ("product_id",),
    "company": ("company_id",),
    "ticket_type": ("type",),
    "requester": ("requester_id",),
}
"""Name of a standard field on the form -> what it may be called in a record, if not that."""


@dataclass(frozen=True)
class Book:
    """What one list of records takes.

    `labels` are the words of lists that are stored as numbers. `only_new`: only at creation.
    `closed`: statuses that demand the fields which must be filled by then. `complete` adds what
    the account adds by itself, and gives what is wrong with the whole.
    """

    kind: str
    rules: Mapping[str, Rule]
    labels: Mapping[str, Mapping[str, int]]
    mandatory: tuple[str, ...]
    complete: Callable[[Site, dict[str, Any], Record | None], list[Fault]]
    closed: frozenset[int] = frozenset()
    only_new: frozenset[str] = frozenset()
    max_files: int = 20_000_000
    rich: frozenset[str] = field(default=frozenset({"description"}))


def create(
    site: Site, book: Book, user: User, given: Mapping[str, Any], files: Sequence[Upload] = ()
) -> Record:
    """Raises FreshError 400."""
    missing = [
        _missing(site, book, name) for name in book.mandatory if given.get(name) in (None, "")
    ]
    if not any(given.get(name) for name in WHO):
        words = f"Please fill at least 1 of {', '.join(WHO)} fields"
        missing.append(fault("requester_id", words, "missing_field"))
    if missing:
        raise invalid(*missing)
    values, custom = checked(site, given, book.rules, site.fields[book.kind])
    _fit(book, files)
    values["requester_id"] = _requester(site, values)
    tags = list(dict.fromkeys(values.pop("tags", None) or []))
    faults = [*book.complete(site, values, None), *_unfilled(site, book, values, custom)]
    faults += _lacking(site, book, values, custom)
    if faults:
        raise invalid(*faults)
    for name in book.rich & values.keys():
        values[name] = site.html(values[name])
    blank: dict[str, Any] = {
        name: None
        for each in site.fields[book.kind]
        if not each.default
        for name in (each.name, *each.levels)
    }
    record = site.add(book.kind, user, values, {**blank, **custom}, tags)
    record.files += kept_files(site, files)
    return record


def update(
    site: Site,
    book: Book,
    user: User,
    record: Record,
    given: Mapping[str, Any],
    files: Sequence[Upload] = (),
) -> None:
    """Fields that are not given stay. Raises FreshError 400, 405 for what is in the bin."""
    if record.deleted or record.spam:
        raise not_allowed("PUT")
    rules = {name: rule for name, rule in book.rules.items() if name not in book.only_new}
    values, custom = checked(site, given, rules, site.fields[book.kind])
    _fit(book, files)
    if any(name in values for name in WHO):
        values["requester_id"] = _requester(site, values)
    tags = values.pop("tags", None)
    whole = {**record.values, **values}
    faults = book.complete(site, whole, record)
    if "status" in values:
        faults += _unfilled(site, book, whole, {**record.custom, **custom})
    if faults:
        raise invalid(*faults)
    for name in book.rich & values.keys():
        whole[name] = site.html(values[name])
    before = (record.values, record.custom, record.tags)
    after = (
        whole,
        {**record.custom, **custom},
        record.tags if tags is None else list(dict.fromkeys(tags)),
    )
    record.values, record.custom, record.tags = after
    record.files += kept_files(site, files)
    if before != after or files:
        site.changed(record, user)


def delete(site: Site, user: User, record: Record) -> None:
    """Into the bin. Raises FreshError 405 for what is there already."""
    if record.deleted or record.spam:
        raise not_allowed("DELETE")
    record.deleted = True
    site.changed(record, user, "deleted")


def restore(site: Site, user: User, record: Record) -> None:
    record.deleted = False
    site.changed(record, user)


def kept_files(site: Site, files: Sequence[Upload]) -> list[File]:
    now = site.now()
    return [File(site.number(), name, type, content, now) for name, content, type in files]


def detach(site: Site, user: User, record: Record, id: int) -> bool:
    """Take a file away, wherever on the record it is; False if it is not there."""
    for held in (record.files, *(said.files for said in record.said)):
        left = [file for file in held if file.id != id]
        if len(left) < len(held):
            held[:] = left
            site.parts_changed(record, user)
            return True
    return False


def _missing(site: Site, book: Book, name: str) -> Fault:
    choices = book.rules[name].choices
    words = one_of(choices(site)) if choices else f"It should be a/an {book.rules[name].type}"
    return fault(name, words, "missing_field")


def _unfilled(
    site: Site, book: Book, values: Mapping[str, Any], custom: Mapping[str, Any]
) -> list[Fault]:
    if values.get("status") not in book.closed:
        return []
    demanded = [each for each in site.fields[book.kind] if each.closing]
    return [*filter(None, (_gap(each, values, custom) for each in demanded))]


def _lacking(
    site: Site, book: Book, values: Mapping[str, Any], custom: Mapping[str, Any]
) -> list[Fault]:
    """What agents must fill in, which a new record does not have."""
    demanded = [each for each in site.fields[book.kind] if each.required and not each.section]
    return [*filter(None, (_gap(each, values, custom) for each in demanded))]


def _gap(field: Field, values: Mapping[str, Any], custom: Mapping[str, Any]) -> Fault | None:
    if not field.default:
        lacks = custom.get(field.name) in (None, "")
        return empty(field, f"custom_fields.{field.name}", custom) if lacks else None
    keys = KEYS.get(field.name, (field.name,))
    if any(values.get(key) not in (None, "") for key in keys):
        return None
    return empty(field, next((key for key in keys if key in values), keys[0]), values)


def _requester(site: Site, values: dict[str, Any]) -> int:
    """By id or address; an address that nobody has makes a contact."""
    given = {name: values.pop(name) for name in (*WHO, "name") if name in values}
    if given.get("requester_id"):
        return int(given["requester_id"])
    email = str(given.get("email") or f"{next(iter(given.values()))}@contact.example")
    try:
        return site.user(email).id
    except KeyError:
        return site.add_contact(email, str(given.get("name") or "")).id


def _fit(book: Book, files: Sequence[Upload]) -> None:
    total = sum(len(content) for _, content, _ in files)
    if total > book.max_files:
        words = f"Invalid size, should be less than {book.max_files // 1_000_000} MB"
        raise invalid(fault("attachments", words, "invalid_size"))
