"""The models' findings in our own words: what is wrong, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tieline_ops.link_file.faults import Faults, Path, did_you_mean, listed
from tieline_ops.link_file.models import (
    RULE_KEYS,
    AttachmentsModel,
    BirthModel,
    BrakeModel,
    CommentsModel,
    LinkModel,
    SideModel,
    TestModel,
)
from tieline_ops.link_file.yaml_text import Node

Sentence = Callable[[ErrorDetails], tuple[str, str]]


def _is(error: ErrorDetails) -> str:
    match error["input"]:
        case dict():
            return "is a mapping"
        case list():
            return "is a list"
        case "":
            return "is empty"
        case _:
            return "is a text"


def _context(error: ErrorDetails, key: str) -> Any:
    return error.get("ctx", {}).get(key, "")


_SENTENCES: Mapping[str, Sentence] = {
    "missing": lambda e: (f"{str(e['loc'][-1])!r} is missing", f"add `{e['loc'][-1]}:`"),
    "string_type": lambda e: (_is(e), "write one text, in quotes if it holds braces or brackets"),
    "dict_type": lambda e: (_is(e), "write a mapping, `name: value`"),
    "model_type": lambda e: (_is(e), "write a mapping, `name: value`"),
    "model_attributes_type": lambda e: (_is(e), "write a mapping, `name: value`"),
    "list_type": lambda e: (_is(e), "write a list, `- …` on each line or `[…, …]`"),
    "bool_type": lambda e: (_is(e), "write true or false"),
    "bool_parsing": lambda e: (f"{e['input']!r} is not true or false", "write true or false"),
    "float_parsing": lambda e: (f"{e['input']!r} is no number", "write a number, as 20"),
    "float_type": lambda e: (_is(e), "write a number, as 20"),
    "greater_than": lambda e: ("is too small", f"write more than {_context(e, 'gt')}"),
    "less_than_equal": lambda e: ("is too big", f"write {_context(e, 'le')} or less"),
    "literal_error": lambda e: (
        f"{e['input']!r} is not known",
        "write " + listed(re.findall(r"'(\w+)'", str(_context(e, "expected")))),
    ),
    "finite_number": lambda _: ("is no finite number", "write a number, as 20"),
}


def tell(error: ValidationError, content: Node, faults: Faults) -> list[Path]:
    """Add every finding of the models to the faults; give the places of what cannot stay."""
    cut: list[Path] = []
    for one in error.errors(include_url=False):
        path = _path(one["loc"], content)
        cut.append(path)
        if one["type"] == "extra_forbidden":
            remedy = did_you_mean(str(path[-1]), _keys_at(path[:-1]), _known(path[:-1]))
            faults.add(path, "unknown key", remedy, key=True)
            continue
        sentence = _SENTENCES.get(one["type"])
        what, remedy = (
            sentence(one) if sentence else ("is not what belongs here", "see docs/link-yaml.md")
        )
        missing = one["type"] == "missing"
        faults.add(path[:-1] if missing else path, what, remedy, key=missing)
    return cut


def _path(loc: tuple[int | str, ...], content: Node) -> Path:
    """The finding's place as a path into the file: model-made steps are left out."""
    path: list[str | int] = []
    at: Node | None = content
    for n, step in enumerate(loc):
        last = n == len(loc) - 1
        if isinstance(at, dict) and isinstance(step, str):
            if step in at or last:
                path.append(step)
            at = at.get(step)
        elif isinstance(at, list) and isinstance(step, int):
            path.append(step)
            at = at[step] if step < len(at) else None
    return tuple(path)


_MODELS: Mapping[str, type[BaseModel]] = {
    "": LinkModel,
    "sides.*": SideModel,
    "create.*": BirthModel,
    "create.*.when.*": TestModel,
    "comments": CommentsModel,
    "attachments": AttachmentsModel,
    "brake": BrakeModel,
}


def _keys_at(path: Path) -> tuple[str, ...]:
    for pattern, model in _MODELS.items():
        steps = pattern.split(".") if pattern else []
        if len(steps) == len(path) and all(s in ("*", p) for s, p in zip(steps, path, strict=True)):
            return tuple(f.alias or name for name, f in model.model_fields.items())
    return RULE_KEYS


def _known(path: Path) -> str:
    return f"what may stand here is {listed(_keys_at(path))}"
