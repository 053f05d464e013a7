"""The models' findings in our own words: what is wrong, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tieline_ops.link_file.faults import Faults, Path, did_you_mean, listed
from tieline_ops.link_file.models import RULE_KEYS, LinkModel, RuleModel
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


def _own_words(said: str) -> tuple[str, str]:
    """A model's own sentence: what is wrong; what would be right."""
    what, _, remedy = said.partition("; ")
    return what, remedy or "see docs/link-yaml.md"


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
    "value_error": lambda e: _own_words(str(_context(e, "error"))),
    "finite_number": lambda _: ("is no finite number", "write a number, as 20"),
}


def tell(
    error: ValidationError, content: Node, faults: Faults, model: type[BaseModel] = LinkModel
) -> list[Path]:
    """Add every finding of `model` to the faults; give the places of what cannot stay."""
    cut: list[Path] = []
    for one in error.errors(include_url=False):
        path = _path(one["loc"], content)
        cut.append(path)
        if one["type"] == "extra_forbidden":
            keys = keys_at(model, path[:-1])
            remedy = did_you_mean(str(path[-1]), keys, _known(keys))
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


def keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """What may stand at a path of a file with the shape of `model`; () if nothing is known."""
    shapes: list[Any] = [model]
    for step in path:
        shapes = [inner for shape in shapes for inner in _inside(shape, step)]
    models = [s for s in shapes if isinstance(s, type) and issubclass(s, BaseModel)]
    if RuleModel in models:
        return RULE_KEYS
    return tuple(f.alias or name for m in models for name, f in m.model_fields.items())


def _inside(shape: Any, step: str | int) -> list[Any]:
    """The types that may stand one step further in."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        fields = shape.model_fields
        found = next((f for name, f in fields.items() if step in (f.alias, name)), None)
        return _plain(found.annotation) if found else []
    inner = get_args(shape)
    if get_origin(shape) is list and isinstance(step, int):
        return _plain(inner[0])
    return _plain(inner[1]) if get_origin(shape) is dict else []


def _plain(shape: Any) -> list[Any]:
    """A type without what is around it: what may be absent, what is checked in further ways."""
    if get_origin(shape) is Annotated:
        return _plain(get_args(shape)[0])
    if get_origin(shape) in {Union, UnionType}:
        return [one for arm in get_args(shape) for one in _plain(arm)]
    return [shape]


def _known(keys: tuple[str, ...]) -> str:
    return f"what may stand here is {listed(keys)}"
