"""Names in a link file, looked up: sides, flows, fields and what templates read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from tieline.domain.convert import Untranslatable, parse_text
from tieline.domain.link import FieldRule, Side
from tieline.domain.template import BUILT_IN, BadTemplate, names, rename
from tieline.domain.ticket import FieldSpec, Kind
from tieline_ops.link_file.catalogue import Catalogue
from tieline_ops.link_file.faults import Faults, Path, closest, did_you_mean, listed

_FLOW = re.compile(r"(\S+)\s*(<->|->|<-)\s*(\S+)")
_CLOSE = 0.85
"""How close an unknown name is to a standard one to be taken for a slip, not a custom field."""


class Fields:
    """The two sides of a file, and what each side's system is known to have."""

    def __init__(
        self,
        sides: Mapping[str, Side],
        order: tuple[str, str],
        systems: Mapping[str, Catalogue],
        faults: Faults,
    ) -> None:
        self.order = order
        self.faults = faults
        self._catalogues = {
            name: systems[side.system].of(side.scope) for name, side in sides.items()
        }

    def other(self, side: str) -> str:
        """The side across."""
        return self.order[1] if side == self.order[0] else self.order[0]

    def side(self, name: str, path: Path, *, key: bool = False) -> bool:
        """Whether there is such a side; if not, it is a fault."""
        if name in self.order:
            return True
        remedy = did_you_mean(name, self.order, f"the sides are {listed(self.order, 'and')}")
        self.faults.add(path, f"no side {name!r}", remedy, key=key)
        return False

    def flow(self, text: str | None, path: Path) -> tuple[str, ...]:
        """The sides that a flow writes to; both if it is not said."""
        first, second = self.order
        if text is None:
            return self.order
        found = _FLOW.fullmatch(text.strip())
        known = f"{first} <-> {second}", f"{first} -> {second}", f"{second} -> {first}"
        if found is None or found[1] == found[3]:
            self.faults.add(path, f"{text!r} is no flow", f"write {listed(known)}")
            return self.order
        if not all([self.side(found[1], path), self.side(found[3], path)]):
            return self.order
        if found[2] == "<-":
            self.faults.add(path, "`<-` is not read", f"write {found[3]} -> {found[1]}")
            return (found[1],)
        return self.order if found[2] == "<->" else (found[3],)

    def named(self, side: str, name: str, path: Path, *, key: bool = False) -> FieldSpec | None:
        """What is known of a field; for one that may be a custom field, its name alone."""
        catalogue = self._catalogues[side]
        native = catalogue.native(name)
        if native is not None:
            return catalogue.standard_fields[native]
        what = f"{catalogue.title} has no field {name!r}"
        close = closest(name, catalogue.words(), _CLOSE)
        if not name.strip():
            self.faults.add(path, "names no field", "write a field's name", key=key)
        elif close:
            self.faults.add(path, what, f"did you mean {close!r}?", key=key)
        elif not catalogue.custom_ok:
            known = f"it has {listed(sorted(catalogue.standard_fields), 'and')}"
            self.faults.add(path, what, did_you_mean(name, catalogue.words(), known), key=key)
        else:
            return FieldSpec(name, Kind.TEXT)
        return None

    def known(self, side: str, spec: FieldSpec) -> bool:
        """Whether a spec is the system's own word, and not merely a custom field's name."""
        return spec.name in self._catalogues[side].standard_fields

    def closes(self, rule: FieldRule) -> bool:
        """Whether a rule's last pair says what a closed ticket's status is."""
        standard = (
            self._catalogues[side].standard_fields.get(name) for side, name in rule.names.items()
        )
        return bool(rule.values) and any(spec and spec.alias == "status" for spec in standard)

    def target(self, side: str, name: str, path: Path, *, key: bool = False) -> FieldSpec | None:
        """A field that is to be written."""
        spec = self.named(side, name, path, key=key)
        if spec is not None and not spec.writable:
            what = f"{self._catalogues[side].title} does not let {spec.name!r} be written"
            other = self.other(side)
            remedy = f"read it only, with `flow: {side} -> {other}`, or name another field"
            self.faults.add(path, what, remedy, key=key)
        return spec

    def template(self, side: str, text: str, path: Path) -> str:
        """A template that reads a side's ticket, with native names."""
        try:
            found = names(text)
        except BadTemplate as wrong:
            self.faults.add(path, "is no template", str(wrong))
            return text
        native = {}
        for name in found:
            if name not in BUILT_IN:
                spec = self.named(side, name, path)
                native[name] = spec.name if spec else name
        return rename(text, lambda name: native.get(name, name))

    def check_value(self, spec: FieldSpec, text: str, path: Path, *, key: bool = False) -> None:
        """Whether a field can hold what the file says."""
        if text == "":
            return
        try:
            parse_text(text, spec)
        except Untranslatable:
            self.faults.add(path, f"{spec.name} cannot be {text!r}", _possible(spec, text), key=key)


def is_moment(text: str) -> bool:
    """Whether a text is a date or a moment in ISO 8601."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _possible(spec: FieldSpec, text: str) -> str:
    match spec.kind:
        case Kind.OPTION | Kind.OPTIONS:
            labels = [option.label for option in spec.options]
            return did_you_mean(text, labels, f"it can be {listed(labels[:12])}")
        case Kind.NUMBER:
            return "write a number, as 1.5"
        case Kind.BOOLEAN:
            return "write true or false"
        case _:
            return "write a date, as 2026-11-30"
