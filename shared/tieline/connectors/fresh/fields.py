"""An account's fields: those that every account has, and its own, asked for once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from tieline.connectors.fresh.wire import KINDS, LISTS, Field, Form, Raw, options_of
from tieline.domain.ticket import FieldSpec

_FORMS: Mapping[str, Form] = {
    "custom_text": Form.TEXT,
    "custom_paragraph": Form.TEXT,
    "custom_url": Form.TEXT,
    "custom_checkbox": Form.BOOLEAN,
    "custom_number": Form.NUMBER,
    "custom_decimal": Form.NUMBER,
    "custom_date": Form.DATE,
    "custom_date_time": Form.DATETIME,
    "custom_dropdown": Form.WORD,
    "custom_multi_select_dropdown": Form.WORDS,
    "nested_field": Form.WORD,
}
_ONE_LINE = 255


class Fields:
    """`ours` is the field that carries correlations: it is nobody else's.

    `lists` says under which name the form shows a standard list, if under another.
    """

    def __init__(
        self,
        standard: Mapping[str, Field],
        lists: Mapping[str, str],
        ours: str,
        load: Callable[[], Iterable[Raw]],
    ) -> None:
        self._standard = standard
        self._lists = lists
        self._ours = ours
        self._load = load
        self._form: dict[str, Raw] | None = None

    def known(self, names: Iterable[str]) -> dict[str, Field]:
        """Fields by the names asked for, lists with their options; unknown names are left out."""
        found = {name: field for name in names if (field := self._field(name)) is not None}
        return {name: self._with_options(field) for name, field in found.items()}

    def specs(self, names: Iterable[str]) -> dict[str, FieldSpec]:
        return {name: field.spec for name, field in self.known(names).items()}

    def form(self) -> Mapping[str, Raw]:
        """The account's form by field name, asked for once."""
        if self._form is None:
            self._form = {str(each["name"]): each for each in self._load()}
        return self._form

    def named(self, keys: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
        """The names, of those in `names`, by which people know what an error blames."""
        by_key = {field.key: name for name, field in self.known(names).items()}
        plain = (key.removeprefix("custom_fields.") for key in keys)
        return tuple(by_key.get(key, key) for key in plain)

    def _field(self, name: str) -> Field | None:
        if name in self._standard:
            return self._standard[name]
        own = self._own()
        labelled = (field for field in own.values() if field.spec.alias == name)
        found = own.get(name) or next(labelled, None)
        return found and replace(found, spec=replace(found.spec, name=name, alias=""))

    def _own(self) -> dict[str, Field]:
        """Custom fields by name; their labels stand in `alias` until somebody asks by one."""
        found: dict[str, Field] = {}
        for each in self.form().values():
            kind = str(each.get("type") or each.get("field_type"))
            form = _FORMS.get(kind)
            if form is None or each["name"] == self._ours:
                continue
            levels = each.get("nested_ticket_fields") or each.get("nested_fields") or ()
            for level in (each, *levels):
                name = str(level["name"])
                choices = level.get("choices") if level is each else None
                spec = FieldSpec(
                    name,
                    KINDS[form],
                    str(level.get("label") or ""),
                    options=options_of(choices, form),
                    max_length=_ONE_LINE if kind == "custom_text" else None,
                )
                found[name] = Field(name, form, spec, custom=True)
        return found

    def _with_options(self, field: Field) -> Field:
        if field.custom or field.form not in LISTS:
            return field
        shown = self.form().get(self._lists.get(field.key, field.key), {})
        # A form may not say what stands in every account's list.
        options = options_of(shown.get("choices"), field.form) or field.spec.options
        return replace(field, spec=replace(field.spec, options=options))
