"""The forms that a side's credentials can have, as its connector declares them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from tieline.connectors import connector_class
from tieline.connectors.webhook_body import BEFORE, NOW
from tieline_ops.trouble import Trouble

SECRET_BYTES = 32
_FROM_FILE = frozenset({"private_key"})
_KEPT_BY_US = frozenset({"kind", NOW, BEFORE, "expires_at"})
_RENEWED = "access_token"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to ask for. `hidden` is not shown as it is typed, `file` is read from a path."""

    name: str
    required: bool
    hidden: bool
    file: bool
    default: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of credentials: its `kind`, what it is, and its fields, required ones first."""

    kind: str
    about: str
    fields: tuple[Field, ...]


def forms(system: str) -> tuple[Form, ...]:
    """The forms that a system's connector takes."""
    declared = connector_class(system).secret_model.model_fields["root"].annotation
    return tuple(_form(part) for part in (get_args(declared) or (declared,)))


def checked(system: str, part: Mapping[str, Any]) -> None:
    """Whether a part fits one of the system's forms. Raises Trouble, which names no values."""
    try:
        connector_class(system).secret_model.model_validate(dict(part))
    except ValidationError as error:
        wrong = sorted({".".join(map(str, each["loc"])) or "kind" for each in error.errors()})
        known = ", ".join(form.kind for form in forms(system))
        hint = f"`kind` is one of {known}; docs/connectors/{system}.md says what each needs"
        raise Trouble(f"the credentials do not fit: {', '.join(wrong)}", hint) from None


def with_webhook_secret(part: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The part with a webhook secret: its own, else the one that was there, else a new one.

    What is taken beside it stays, so that no webhook is lost by new credentials. Raises Trouble
    for a third one while two are taken.
    """
    present, other = before.get(NOW), before.get(BEFORE)
    now = part.get(NOW) or present or secrets.token_urlsafe(SECRET_BYTES)
    made = {**part, NOW: now}
    if BEFORE in part:
        return made
    if present and other and now not in {present, other}:
        hint = "end that first: `tieline secrets rotate LINK SIDE --finish`; or leave it out"
        raise Trouble("two webhook secrets are taken already, and this is a third", hint)
    old = other if now == present else present
    if old and old != now:
        made[BEFORE] = old
    return made


def _form(part: Any) -> Form:
    model: type[BaseModel] = part
    (kind,) = get_args(model.model_fields["kind"].annotation)
    asked = [
        _field(name, info)
        for name, info in model.model_fields.items()
        if name not in _KEPT_BY_US and (name != _RENEWED or info.is_required())
    ]
    about = (model.__doc__ or "").strip().partition("\n")[0]
    return Form(kind, about, tuple(sorted(asked, key=lambda each: not each.required)))


def _field(name: str, info: FieldInfo) -> Field:
    literal = get_origin(info.annotation) is Literal
    return Field(
        name=name,
        required=info.is_required(),
        hidden=info.annotation is SecretStr and name not in _FROM_FILE,
        file=name in _FROM_FILE,
        default=info.default if isinstance(info.default, str) else "",
        choices=tuple(map(str, get_args(info.annotation))) if literal else (),
    )
