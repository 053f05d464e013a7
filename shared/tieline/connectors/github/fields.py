"""Which fields a repository's issues have, asked of GitHub once and only where it must be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tieline.connectors.github.api import REPO, Api
from tieline.connectors.github.wire import GROUP, STANDARD, Field, Form, grouped, own_field
from tieline.domain.errors import Configuration, Gone, Refused
from tieline.domain.ticket import FieldSpec, Kind, Option

_LABELS = REPO + "/labels"
_MILESTONES = REPO + "/milestones"
_TYPES = "/orgs/{owner}/issue-types"
_FIELDS = "/orgs/{owner}/issue-fields"


class Fields:
    """The fields of one repository by the names that a link uses."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._own: Mapping[str, Field] | None = None
        self._labels: list[str] | None = None
        self._options: dict[Form, tuple[Option, ...]] = {}

    def named(self, names: Iterable[str]) -> dict[str, Field]:
        """Fields by name, with their options; names that are not there are left out."""
        found: dict[str, Field] = {}
        for name, field in self.known(names).items():
            known = field
            if field.form in {Form.MILESTONE, Form.TYPE}:
                known = replace(field, spec=replace(field.spec, options=self.options(field.form)))
            found[name] = known
        return found

    def known(self, names: Iterable[str]) -> dict[str, Field]:
        """As `named`, but what is standard is not asked for."""
        found = ((name, self._one(name)) for name in names)
        return {name: field for name, field in found if field is not None}

    def options(self, form: Form) -> tuple[Option, ...]:
        """The repository's milestones (by number), the organisation's types (by name)."""
        if form not in self._options:
            milestones = form is Form.MILESTONE
            made = self._milestones() if milestones else self._types()
            self._options[form] = made
        return self._options[form]

    def labels(self) -> list[str]:
        """The names of the repository's labels."""
        if self._labels is None:
            pages = self._api.pages(_LABELS)
            self._labels = [str(each["name"]) for page in pages for each in page]
        return self._labels

    def forget(self) -> None:
        """Ask anew: what people have added since is missing."""
        self._labels, self._own = None, None
        self._options.clear()

    def _one(self, name: str) -> Field | None:
        if name in STANDARD:
            return STANDARD[name]
        if name.startswith(GROUP):
            return self._group(name)
        if self._own is None:
            self._own = self._fields()
        return self._own.get(name) or self._own.get(name.casefold())

    def _group(self, name: str) -> Field | None:
        beginning = name.removeprefix(GROUP).strip()
        held = ((label, grouped(label, beginning)) for label in self.labels())
        options = tuple(Option(label, rest) for label, rest in held if rest)
        spec = FieldSpec(name, Kind.OPTION, options=options)
        return Field(beginning, Form.GROUP, spec) if options and beginning else None

    def _fields(self) -> dict[str, Field]:
        """By name, by name in small letters, and by id."""
        made = [field for raw in self._of_organisation(_FIELDS) if (field := own_field(raw))]
        found = {field.spec.name.casefold(): field for field in made}
        found |= {field.key: field for field in made}
        return found | {field.spec.name: field for field in made}

    def _milestones(self) -> tuple[Option, ...]:
        pages = self._api.pages(_MILESTONES, params={"state": "all"})
        return tuple(Option(str(m["number"]), str(m["title"])) for page in pages for m in page)

    def _types(self) -> tuple[Option, ...]:
        raw = self._of_organisation(_TYPES)
        named = [str(t["name"]) for t in raw if t.get("is_enabled", True)]
        return tuple(Option(name, name) for name in named)

    def _of_organisation(self, path: str) -> list[Any]:
        """A list that only organisations have; a person's repository has none of it."""
        try:
            found: list[Any] = self._api.json("GET", path)
        except Gone:
            return []
        except Refused as refused:
            raise Configuration(
                f"{refused.what}: may the account read the organisation's issue types and fields?"
            ) from None
        return found
