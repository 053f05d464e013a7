"""Bodies of writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.salesforce.wire import Field, Form, Row, id18, moment_of, written
from tieline.domain.errors import Configuration, Refused
from tieline.domain.ticket import Option, Person, Value

FindPerson = Callable[[str], Person | None]
_STAMPS = frozenset({"SystemModstamp", "LastModifiedDate", "LastModifiedById"})


class Writer:
    """Makes the body of a case. `unowned` gives the id of the queue of cases that nobody has."""

    def __init__(
        self, find_user: FindPerson, find_contact: FindPerson, unowned: Callable[[], str]
    ) -> None:
        self._find = {Form.USER: find_user, Form.CONTACT: find_contact}
        self._unowned = unowned

    def body(
        self,
        values: Mapping[str, Value],
        fields: Mapping[str, Field],
        address: Callable[[str], str],
    ) -> dict[str, Any]:
        """Values by API name. Raises Refused for an option or a person that is not there."""
        unknown = [name for name in values if name not in fields]
        if unknown:
            raise Configuration(f"salesforce has no field {', '.join(unknown)}")
        body: dict[str, Any] = {}
        for name, value in values.items():
            field = fields[name]
            if not field.spec.writable:
                raise Refused(f"salesforce: {name} is read-only", fields=(name,))
            if field.element == "OwnerId" and value is None:
                body[field.element] = self._nobody(name)
                continue
            body[field.element] = written(self._resolved(name, value, field), field, address)
        return body

    def _nobody(self, name: str) -> str:
        queue = self._unowned()
        if not queue:
            words = "a case always has an owner: name a `queue` in the scope for those of nobody"
            raise Refused(f"salesforce: {words}", words, (name,))
        return queue

    def _resolved(self, name: str, value: Value, field: Field) -> Value:
        """Options by value or label, people by address."""
        if isinstance(value, Option):
            return _option(name, value, field)
        if isinstance(value, frozenset):
            chosen = (one if isinstance(one, Option) else Option(one, one) for one in value)
            return frozenset(_option(name, one, field) for one in chosen)
        if isinstance(value, Person) and not id18(value.id):
            find = self._find[field.form]
            found = find(value.email) if value.email else None
            if found is None:
                what = f"salesforce: no one person for {name} has this address"
                raise Refused(what, "", (name,))
            return found
        return value


def _option(name: str, value: Option, field: Field) -> Option:
    """Checked here, because a picklist that is not restricted takes any text."""
    options = field.spec.options
    by_value = [option for option in options if option.value == value.value]
    by_label = [o for o in options if o.means(value.label) or o.means(value.value)]
    for option in (*by_value, *by_label):
        return option
    words = f"{name} has no value {value.label!r}"
    raise Refused(f"salesforce: {name} has no such value", words, (name,))


def blamed(refused: Refused, fields: Mapping[str, Field]) -> Refused:
    """The refusal with the names of link.yaml where Salesforce's blames its own."""
    elements = {name.casefold() for name in refused.fields}
    named = tuple(n for n, field in fields.items() if field.element.casefold() in elements)
    return replace(refused, fields=named)


def differs(one: Row, two: Row) -> bool:
    """Whether two reads of the same columns differ in more than their stamps."""
    return any(one[n] != two[n] for n in one.keys() & two.keys() - _STAMPS)


def altered(body: Mapping[str, Any], fields: Mapping[str, Field], row: Row) -> bool:
    """Whether a case holds something else than what was sent: a rule or a flow was at work."""
    return any(
        body[field.element] != row.get(field.element)
        for field in fields.values()
        if field.element in body and not _same(body[field.element], row.get(field.element), field)
    )


def _same(sent: Any, given: Any, field: Field) -> bool:
    if field.form is Form.CHOICES:
        return set(str(sent or "").split(";")) == set(str(given or "").split(";"))
    if field.form is Form.DATETIME and sent and given:
        return moment_of(sent) == moment_of(given)
    if field.form in {Form.HTML, Form.PLAIN, Form.TEXT}:
        return str(sent or "").strip() == str(given or "").replace("\r\n", "\n").strip()
    return bool(sent == given)
