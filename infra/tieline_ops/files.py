"""Text files that operators name or wrote, read and written with a fault as people read it."""

from __future__ import annotations

from pathlib import Path

from tieline_ops.trouble import Trouble


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """A file's text. Raises Trouble, also where it is no UTF-8."""
    try:
        return path.read_text(encoding)
    except UnicodeDecodeError:
        raise Trouble(f"{path} is no text in UTF-8", "save it as UTF-8") from None
    except OSError as error:
        raise cannot("read", path, error) from None


def write_text(path: Path, text: str) -> None:
    """Write a file; its folder must be there. Raises Trouble."""
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise cannot("written", path, error) from None


def make_folder(path: Path) -> None:
    """Make a folder, and those above it. Raises Trouble."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot("made", path, error) from None


def cannot(done: str, path: object, error: OSError) -> Trouble:
    """That something cannot be done to a file, in the words of the system."""
    return Trouble(
        f"{path} cannot be {done}: {error.strerror}", "look at its folder and its rights"
    )
