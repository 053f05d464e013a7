"""Files that people put into texts of GitHub: which there are, and what they are called. Pure.

GitHub, Attaching files: a file is uploaded while somebody writes, and the text gets its address.
There is no list of an issue's files; they are what its body and its comments show.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

HOME = "https://github.com"
SIGNED = "private-user-images.githubusercontent.com"
"""Where a picture of a private repository is shown, for some minutes, to who has its address."""
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ADDRESS = re.compile(
    r"(https?://[A-Za-z0-9.:-]{1,200})/(?:"
    rf"(?P<assets>user-attachments/assets|[\w.-]+/[\w.-]+/assets/[0-9]+)/(?P<uuid>{_UUID})"
    r"|(?P<files>user-attachments/files|[\w.-]+/[\w.-]+/files)/(?P<number>[0-9]{1,18})"
    r"/(?P<name>[^\s()<>\"'\]\[]{1,300}))"
)
_ALT = re.compile(r"!\[([^\]\n]{0,300})\]\([ <]*$|\balt=\"([^\"\n<>]{0,300})\"[^<>\n]{0,300}$")
_SHOWN = re.compile(
    rf"https?://[^\s\"'<>()]{{1,300}}?({_UUID})(\.[A-Za-z0-9]{{1,5}})?\?[^\s\"'<>()]+"
)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")
_PLAIN_ALT = frozenset({"", "image", "img", "video", "screenshot"})
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in a text. `id` is its part of the address; `alt` what the text calls it."""

    id: str
    path: str  # below the site's address
    alt: str
    name: str  # "" where the address does not say
    created: datetime


def assets_in(text: str | None, sites: Iterable[str], created: datetime) -> list[Asset]:
    """The files of a text, in order, each once. `sites` are the addresses that they may have."""
    allowed = {site.rstrip("/").lower() for site in sites}
    found: dict[str, Asset] = {}
    for hit in _ADDRESS.finditer(text or ""):
        if hit[1].lower() not in allowed:
            continue
        path = urlsplit(hit[0]).path
        if hit["uuid"]:
            before = _ALT.search((text or "")[max(0, hit.start() - 640) : hit.start()])
            alt = (before[1] or before[2] or "") if before else _alt_after(text or "", hit.end())
            made = Asset(hit["uuid"], path, alt, "", created)
        else:
            name = file_name(unquote(hit["name"]))
            made = Asset(f"file-{hit['number']}", path, name, name, created)
        found.setdefault(made.id, made)
    return list(found.values())


def _alt_after(text: str, end: int) -> str:
    """`<img src="…" alt="…">`: the alternative text may stand behind the address."""
    after = re.match(r"\"[^<>\n]{0,300}?\balt=\"([^\"\n<>]{0,300})\"", text[end : end + 640])
    return after[1] if after else ""


def asset_id(address: str) -> str:
    """The id of the file that an address shows, "" for any other address."""
    hit = _ADDRESS.fullmatch(address)
    return (hit["uuid"] or f"file-{hit['number']}") if hit else ""


def shown_in(*texts: str | None) -> Mapping[str, str]:
    """Asset id -> the signed address that a text shows as HTML."""
    found: dict[str, str] = {}
    for text in texts:
        for hit in _SHOWN.finditer(html.unescape(text or "")):
            found.setdefault(hit[1], hit[0])
    return found


def names_of(assets: Iterable[Asset], shown: Mapping[str, str]) -> dict[str, str]:
    """Asset id -> file name, each once.

    A picture is called what its alternative text says, with the ending that its signed address
    has; one that is called nothing, or like another, gets the beginning of its id as well.
    """
    made: dict[str, str] = {}
    for asset in assets:
        hit = _SHOWN.fullmatch(shown.get(asset.id, ""))
        name = asset.name or _called(asset, (hit[2] if hit else "") or "")
        if name in made.values():
            stem, dot, ending = name.rpartition(".")
            name = f"{stem or ending}-{asset.id[:8]}{dot and stem and '.' + ending}"
        made[asset.id] = name
    return made


def _called(asset: Asset, ending: str) -> str:
    words = file_name(html.unescape(asset.alt))
    if _EXTENSION.search(words):
        return words
    plain = words.casefold() in _PLAIN_ALT
    return f"{words or 'image'}-{asset.id[:8]}{ending}" if plain else words + ending


def file_name(text: str) -> str:
    """A text as a file may be called."""
    return _NOT_IN_NAMES.sub("_", text).strip(" .")[:200]
