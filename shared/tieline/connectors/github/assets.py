"""Files that people put into texts of GitHub: which there are, and what they are called. Pure.

GitHub, Attaching files: a file is uploaded while somebody writes, and the text gets its address.
There is no list of an issue's files; they are what its body and its comments show.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

HOME = "https://github.com"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ADDRESS = re.compile(
    r"(https?://[A-Za-z0-9.:-]{1,200})/(?:"
    rf"(?P<assets>user-attachments/assets|[\w.-]+/[\w.-]+/assets/[0-9]+)/(?P<uuid>{_UUID})"
    r"|(?P<files>user-attachments/files|[\w.-]+/[\w.-]+/files)/(?P<number>[0-9]{1,18})"
    r"/(?P<name>[^\s()<>\"'\]\[]{1,300}))"
)
_BEFORE = re.compile(r"\[([^\]\n]{0,300})\]\([ <]*$|\balt=\"([^\"\n<>]{0,300})\"[^<>\n]{0,300}$")
_AFTER = re.compile(
    r">?[ \t]+\"(?P<title>[^\"\n]{1,300})\"[ \t]*\)"
    r"|\"[^<>\n]{0,300}?\balt=\"(?P<alt>[^\"\n<>]{0,300})\""
)
_NEAR = 640
_SHOWN = re.compile(
    rf"https?://[^\s\"'<>()]{{1,300}}?({_UUID})(\.[A-Za-z0-9]{{1,5}})?\?[^\s\"'<>()]+"
)
_PICTURE = re.compile(r"(?i)[^.].*\.(?:png|jpe?g|gif|webp|svg|mp4|mov|webm)")
_NOT_IN_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|]+")
_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in texts. `called` is what they say of it: titles first, then words, in order."""

    id: str
    path: str  # below the site's address
    named: str  # by its address; "" where that does not say
    called: tuple[str, ...]
    created: datetime


def assets_in(text: str | None, sites: Iterable[str], created: datetime) -> list[Asset]:
    """The files of a text, in order, each once. `sites` are the addresses that they may have."""
    whole, allowed = text or "", {site.rstrip("/").lower() for site in sites}
    found = []
    for hit in _ADDRESS.finditer(whole):
        if hit[1].lower() not in allowed:
            continue
        id, path = asset_id(hit[0]), urlsplit(hit[0]).path
        named = file_name(unquote(hit["name"])) if hit["name"] else ""
        found.append(Asset(id, path, named, _called(whole, hit.start(), hit.end()), created))
    return merged(found)


def merged(assets: Iterable[Asset]) -> list[Asset]:
    """Each file once, with all that is said of it."""
    found: dict[str, Asset] = {}
    for asset in assets:
        known = found.setdefault(asset.id, asset)
        if known is not asset:
            found[asset.id] = replace(known, called=(*known.called, *asset.called))
    return list(found.values())


def _called(text: str, start: int, end: int) -> tuple[str, ...]:
    """A title, which we give, then the words of a link or the alternative text of a picture."""
    before = _BEFORE.search(text[max(0, start - _NEAR) : start])
    after = _AFTER.match(text[end : end + _NEAR])
    said = [after["title"], after["alt"]] if after else []
    said += [before[1], before[2]] if before else []
    return tuple(name for each in said if each and (name := file_name(html.unescape(each))))


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

    The words of a text may be changed by anybody, and a file's name must not change with them: so
    they count only where they are a file's name, and otherwise its address is what names it.
    """
    made: dict[str, str] = {}
    for asset in assets:
        name = _name(asset, shown)
        if name in made.values():
            stem, _, ending = name.rpartition(".")
            name = f"{stem}-{asset.id[-8:]}.{ending}" if stem else f"{name}-{asset.id[-8:]}"
        made[asset.id] = name
    return made


def _name(asset: Asset, shown: Mapping[str, str]) -> str:
    if asset.named:
        # GitHub puts points in place of letters that it does not take; the link's words have them.
        bare = _NO_LETTER.sub("", asset.named)
        whole = (each for each in asset.called if _NO_LETTER.sub("", each) == bare)
        return next(whole, asset.named)
    hit = _SHOWN.fullmatch(shown.get(asset.id, ""))
    own = f"{own_name(asset.id)}{(hit[2] if hit else '') or ''}"
    return next((each for each in asset.called if _PICTURE.fullmatch(each)), own)


def own_name(id: str) -> str:
    """What a picture is called by its address alone, but for its ending."""
    return f"image-{id[:8]}"


def file_name(text: str) -> str:
    """A text as a file may be called."""
    return _NOT_IN_NAMES.sub("_", text).strip(" .")[:200]
