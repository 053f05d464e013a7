"""Files beside link.yaml that a side's scope names: read, checked, and put in its place as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from pydantic import BaseModel, ValidationError

from tieline_ops.link_file.faults import Faults, Path
from tieline_ops.link_file.words import tell
from tieline_ops.link_file.yaml_text import read_yaml

Beside = Callable[[str], str | None]
"""The text of a file in the link's folder, by its name; None if there is none."""


def nothing_beside(_: str) -> str | None:
    """Where a link.yaml stands alone."""
    return None


def described(
    scope: Mapping[str, str],
    models: Mapping[str, type[BaseModel]],
    path: Path,
    faults: Faults,
    beside: Beside,
) -> dict[str, str]:
    """The scope, with what each file of `models` says in place of the file's name.

    Faults of such a file carry its own name, line and column.
    """
    made = dict(scope)
    for key, model in models.items():
        name = scope.get(key, "")
        if not name:
            continue
        text = name if name.startswith("{") else None  # it stands there itself
        if text is None and PurePosixPath(name).name == name:
            text = beside(name)
        if text is None:
            what = f"there is no file {name!r} beside link.yaml"
            faults.add((*path, key), what, "write it there, or correct the name")
            continue
        compiled = _compiled(text, name, model, faults)
        if compiled is not None:
            made[key] = compiled
    return made


def _compiled(text: str, name: str, model: type[BaseModel], faults: Faults) -> str | None:
    folder = faults.file.rpartition("/")[0]
    content, own = read_yaml(text, f"{folder}/{name}" if folder else name)
    found: BaseModel | None = None
    if not own.found:
        try:
            found = model.model_validate(content)
        except ValidationError as error:
            tell(error, content, own, model)
    faults.found += own.found
    if found is None or own.found:
        return None
    return found.model_dump_json(by_alias=True, exclude_defaults=True)
