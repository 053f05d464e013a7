"""Folders under `functions/`: each one a link, checked and compiled from its link.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.link_file.catalogue import Catalogue, catalogues
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.link_file.faults import Fault
from tieline_ops.link_file.yaml_text import LONGEST

SOURCE, COMPILED = "link.yaml", "link.json"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A folder's link, or None and what is wrong with its file."""

    name: str
    folder: Path
    link: Link | None
    faults: tuple[Fault, ...]


def load(folder: Path, systems: Mapping[str, Catalogue] | None = None) -> Loaded:
    """Read and check a folder's link.yaml. Faults name the file as `functions/<link>/link.yaml`.

    Never raises for what is in the file; a file that is not there or is no UTF-8 is a fault, too.
    """
    shown = f"{folder.parent.name}/{folder.name}/{SOURCE}"
    known = catalogues() if systems is None else systems
    try:
        with (folder / SOURCE).open(encoding="utf-8") as file:
            # A character more than is taken is enough to be told that it is too long.
            text = file.read(LONGEST + 1)
    except FileNotFoundError:
        remedy = "write it, or make the folder with `tieline new`"
        return Loaded(folder.name, folder, None, (Fault(1, 1, "", "is missing", remedy, shown),))
    except UnicodeDecodeError:
        fault = Fault(1, 1, "", "is no UTF-8 text", "save it as UTF-8", shown)
        return Loaded(folder.name, folder, None, (fault,))
    link, faults = compile_link(text, folder.name, known, shown, partial(beside, folder))
    return Loaded(folder.name, folder, link, faults)


def beside(folder: Path, name: str) -> str | None:
    """The text of a file in a link's folder. One that is no UTF-8 counts as not there."""
    try:
        with (folder / name).open(encoding="utf-8") as file:
            return file.read(LONGEST + 1)
    except (OSError, UnicodeDecodeError):
        return None


def folders(functions: Path) -> tuple[Path, ...]:
    """The folders under `functions/` that are links, by name."""
    return tuple(sorted(path.parent for path in functions.glob(f"*/{SOURCE}")))


def load_all(functions: Path, systems: Mapping[str, Catalogue] | None = None) -> tuple[Loaded, ...]:
    """Every link under `functions/`."""
    known = catalogues() if systems is None else systems
    return tuple(load(folder, known) for folder in folders(functions))


def compile_all(
    functions: Path, systems: Mapping[str, Catalogue] | None = None
) -> tuple[Loaded, ...]:
    """Write link.json beside every link.yaml that has no faults; take away that of one that has.

    So a broken link cannot be deployed with what it said before.
    """
    loaded = load_all(functions, systems)
    for one in loaded:
        target = one.folder / COMPILED
        if one.link is None:
            target.unlink(missing_ok=True)
        else:
            target.write_text(link_json.dump(one.link), "utf-8")
    return loaded
