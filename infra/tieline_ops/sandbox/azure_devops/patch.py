"""JSON Patches on work items: applied whole or not at all, under the rules of the type."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tieline_ops.sandbox.azure_devops.content import FieldDef, User
from tieline_ops.sandbox.azure_devops.errors import (
    AdoError,
    bad_patch,
    no_field,
    not_in_list,
    required,
    rule,
    stale,
    unknown_identity,
)
from tieline_ops.sandbox.azure_devops.state import Fields, ItemRow, Organisation
from tieline_ops.sandbox.azure_devops.tags import split
from tieline_ops.sandbox.azure_devops.text import kept

_OPS = frozenset({"add", "replace", "remove", "test"})
_FILE = re.compile(r"/_apis/wit/attachments/([0-9a-f-]{36})", re.IGNORECASE)
_RELS = frozenset({
    "System.LinkTypes.Hierarchy-Forward", "System.LinkTypes.Hierarchy-Reverse",
    "System.LinkTypes.Related", "System.LinkTypes.Duplicate-Forward",
    "System.LinkTypes.Dependency-forward", "Hyperlink", "AttachedFile", "ArtifactLink",
})  # fmt: skip


class Patch:
    """What a patch makes of an item. Raises AdoError, and the item is as it was."""

    def __init__(
        self, organisation: Organisation, user: User, *, formats: bool, new: bool = False
    ) -> None:
        self._of = organisation
        self._user = user
        self._formats = formats
        self._new = new
        self.said: list[str] = []

    def applied(self, item: ItemRow, ops: object) -> ItemRow:
        """Another item as the steps leave it."""
        if not isinstance(ops, list) or not all(isinstance(op, dict) for op in ops):
            raise bad_patch("You must pass a valid patch document in the body of the request.")
        made = copy.deepcopy(item)
        for op in ops:
            self._step(made, op)
        self._checked(made, item)
        return made

    def _step(self, item: ItemRow, op: Mapping[str, Any]) -> None:
        kind, path = op.get("op"), str(op.get("path", ""))
        unknown = op.keys() - {"op", "path", "value", "from"}
        if kind not in _OPS or unknown:
            raise bad_patch("The patch document has an operation that is not supported.")
        if kind == "remove" and op.get("value") is not None:
            raise bad_patch("The Remove operation requires Value to be null.")
        head, _, rest = path.lstrip("/").partition("/")
        if head == "rev" and kind == "test":
            if op.get("value") != item.rev:
                raise stale(item.rev, op.get("value"))
        elif head == "fields" and rest:
            self._field(item, str(kind), rest, op.get("value"))
        elif head == "relations" and rest:
            self._relation(item, str(kind), rest, op.get("value"))
        elif head == "multilineFieldsFormat" and rest and self._formats:
            self._format(item, rest, op.get("value"))
        else:
            raise bad_patch(f"The patch document's path {path} is not supported.")

    def _field(self, item: ItemRow, kind: str, ref: str, value: Any) -> None:
        field = self._of.content.field(ref)
        if field is None:
            raise no_field(ref)
        if kind == "test":
            if item.fields.get(field.ref) != value:
                raise AdoError(412, "VS403351: Test Operation failed.", "TestPatchOperationFailed")
            return
        if field.ref == "System.History":
            self.said.append(str(value))
            return
        if field.read_only:
            message = (
                f"TF26194: The value for field '{field.name}' cannot be changed. It is read-only."
            )
            raise AdoError(400, message, "WorkItemFieldInvalidException", {"ReferenceName": ref})
        if not self._of.content.has(item.type, field):
            raise no_field(ref)
        if kind == "remove" or value is None or value == "":
            item.fields.pop(field.ref, None)
        elif field.ref == "System.Tags":
            held = item.fields.get(field.ref, "") if kind == "add" else ""
            item.fields[field.ref] = self._of.tags.normal([*split(held), *split(str(value))])
        else:
            item.fields[field.ref] = self._typed(item, field, value)

    def _typed(self, item: ItemRow, field: FieldDef, value: Any) -> Any:
        if field.identity:
            return self._identity(field, value)
        if field.values and not any(str(value) == str(each) for each in field.values):
            raise not_in_list(field.name, field.ref, value)
        try:
            return self._plain(item, field, value)
        except (TypeError, ValueError):
            message = (
                f"VS402335: The value '{value}' of field '{field.name}' is not of type {field.type}"
            )
            raise AdoError(
                400, message, "WorkItemFieldInvalidException", {"ReferenceName": field.ref}
            ) from None

    def _plain(self, item: ItemRow, field: FieldDef, value: Any) -> Any:
        match field.type:
            case "html":
                markdown = item.formats.get(field.ref) == "markdown"
                return str(value) if markdown else kept(str(value))
            case "integer":
                return _whole(value)
            case "double":
                return float(value)
            case "boolean":
                return _yes_or_no(value)
            case "dateTime":
                return _moment(value)
            case "treePath" if field.ref == "System.AreaPath":
                return self._area(str(value))
            case "string":
                if len(str(value)) > 255:
                    raise rule(field.name, field.ref, "InvalidTooLong")
                return str(value)
            case _:
                return str(value)

    def _area(self, path: str) -> str:
        for area in self._of.content.areas:
            if area.casefold() == path.strip("\\").casefold():
                return area
        message = (
            f"TF401347: Invalid tree name given for work item, field 'System.AreaPath': {path}"
        )
        raise AdoError(400, message, "WorkItemInvalidTreeNameException",
                       {"ReferenceName": "System.AreaPath"})  # fmt: skip

    def _identity(self, field: FieldDef, value: Any) -> str:
        """By sign-in name or id, also as `Name <sign-in name>`; a display name that is unique."""
        text = str(value.get("uniqueName", "")) if isinstance(value, dict) else str(value)
        found = re.fullmatch(r"[^<>]*<([^<>]+)>", text)
        wanted = (found[1] if found else text).strip().casefold()
        people = [u for u in self._of.content.users if u.active]
        same = [u for u in people if wanted in (u.unique.casefold(), u.id)]
        same = same or [u for u in people if u.name.casefold() == wanted]
        if len(same) != 1:
            raise unknown_identity(field.name, field.ref, text)
        return same[0].unique

    def _relation(self, item: ItemRow, kind: str, rest: str, value: Any) -> None:
        place, _, deeper = rest.partition("/")
        if kind == "add" and place == "-":
            if not isinstance(value, dict) or value.get("rel") not in _RELS:
                raise bad_patch("TF401349: The relation's type is not known.")
            self._tie(item, value)
            return
        if not place.isdecimal() or int(place) >= len(item.relations):
            raise bad_patch(f"VS402352: The relation {place} does not exist.")
        if kind == "remove" and not deeper:
            del item.relations[int(place)]
        elif deeper == "attributes/comment":
            item.relations[int(place)]["attributes"]["comment"] = value
        else:
            raise bad_patch(f"The patch document's path /relations/{rest} is not supported.")

    def _tie(self, item: ItemRow, value: Mapping[str, Any]) -> None:
        url, now = str(value.get("url", "")), self._of.now()
        more = dict(value.get("attributes") or {})
        row: dict[str, Any] = {"rel": value["rel"], "url": url, "attributes": more}
        more |= {"authorizedDate": now, "id": self._of.next_relation()}
        if value["rel"] == "AttachedFile":
            found = _FILE.search(url)
            file = self._of.files.get(found[1].lower()) if found else None
            if file is None:
                raise bad_patch("TF237088: The attachment does not exist.")
            row["url"] = file.id
            more |= {"resourceCreatedDate": file.at, "resourceModifiedDate": file.at}
            more |= {"name": more.get("name") or file.name}
            # Without a comment, files were seen that showed as 0 KB.
            more["resourceSize"] = len(file.content) if more.get("comment") else 0
        same = (row["rel"], row["url"])
        if any((each["rel"], each["url"]) == same for each in item.relations):
            message = "TF201035: Relation already exists."
            raise AdoError(400, message, "WorkItemLinkAddExtraLinkException")
        item.relations.append(row)

    def _format(self, item: ItemRow, ref: str, value: Any) -> None:
        field = self._of.content.field(ref)
        if field is None or field.type != "html":
            raise no_field(ref)
        wanted = str(value).casefold()
        if wanted not in {"html", "markdown"}:
            raise bad_patch("The format is neither Html nor Markdown.")
        if wanted == "html" and item.formats.get(field.ref) == "markdown":
            raise bad_patch("VS404600: A field in Markdown cannot be HTML again.")
        item.formats[field.ref] = wanted

    def _checked(self, made: ItemRow, old: ItemRow) -> None:
        content, fields = self._of.content, made.fields
        has = [field for field in content.fields if content.has(made.type, field)]
        missing = [f for f in has if f.required and fields.get(f.ref) in (None, "")]
        if missing:
            raise required(missing)
        self._state(made, old)
        if fields["System.AreaPath"] in self._of.closed_areas and self._is_ours():
            message = (
                "TF237111: The current user does not have permissions to save work items under the "
                "specified area path."
            )
            raise AdoError(403, message, "RuleValidationException")
        project = str(fields["System.AreaPath"]).partition("\\")[0]
        if project != fields["System.TeamProject"]:
            message = "TF401347: Invalid tree name given for work item, field 'System.AreaPath'."
            raise AdoError(400, message, "WorkItemInvalidTreeNameException")

    def _state(self, made: ItemRow, old: ItemRow) -> None:
        type = self._of.content.type(made.type)
        now, then = str(old.fields["System.State"]), str(made.fields["System.State"])
        names = {state.casefold(): state for state, _ in type.states}
        if then.casefold() not in names:
            raise not_in_list("State", "System.State", then)
        then = made.fields["System.State"] = names[then.casefold()]
        allowed = type.moves[""] if self._new else (*type.moves.get(now, ()), now)
        if made.type == old.type and then not in allowed:
            raise not_in_list("State", "System.State", then)
        if now != then and made.fields.get("System.Reason") == old.fields.get("System.Reason"):
            made.fields["System.Reason"] = f"Moved to state {then}"
        demands = "closing_needs_root_cause" in self._of.faults.on and made.type == "Bug"
        if demands and then == "Closed" and not made.fields.get("Custom.RootCause"):
            raise rule("Root Cause", "Custom.RootCause", "Required, InvalidEmpty")

    def _is_ours(self) -> bool:
        return self._user.unique == self._of.content.account


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or int(value) != float(value):
        raise ValueError(value)
    return int(value)


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(str(value))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def changed(made: ItemRow, old: ItemRow) -> bool:
    """Whether there is anything to save: a patch that changes nothing makes no revision."""
    parts: tuple[Fields | list[Any] | dict[str, str], ...] = (
        old.fields,
        old.relations,
        old.formats,
    )
    return parts != (made.fields, made.relations, made.formats)
