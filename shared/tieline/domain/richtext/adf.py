"""Atlassian Document Format, Jira's form of rich text, from and to Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tieline.domain.richtext.adf_reader import AdfReader, Media, People, as_line
from tieline.domain.richtext.adf_writer import AdfWriter, FindMedia, FindPerson, Place
from tieline.domain.richtext.markdown import normal_form, parse, render
from tieline.domain.richtext.tree import Block, Doc, Paragraph, Text, plain_text

CUT_NOTE = "[…]"
"""Stands at the end of a text that was cut."""


def adf_to_markdown(
    doc: Mapping[str, Any], *, people: People | None = None, media: Media | None = None
) -> tuple[str, bool]:
    """The Markdown of a document, and whether something in it has no Markdown form.

    `people` gives the name to show for (account id, text of the mention); `media` the file name for
    the attributes of a media node, or None. Never raises.
    """
    reader = AdfReader(people, media)
    given: object = doc
    blocks = reader.blocks([doc]) if isinstance(given, Mapping) else ()
    return normal_form(render(Doc(blocks))), reader.lossy or not isinstance(given, Mapping)


def markdown_to_adf(
    md: str, *, mention: FindPerson | None = None, media: FindMedia | None = None
) -> dict[str, Any]:
    """The document of a Markdown text, valid by Atlassian's schema.

    `mention` gives (account id, name) for the id in a mention's token, or None: then the name
    stands
    as text. Without it ids are taken as account ids. `media` gives the media node's attributes
    for an
    attachment's file name, or None: then the name stands as text.
    """
    return _document(parse(md).blocks, mention, media)


def _document(
    blocks: Sequence[Block], mention: FindPerson | None = None, media: FindMedia | None = None
) -> dict[str, Any]:
    content = AdfWriter(mention, media).blocks(blocks, Place.TOP)
    return {"type": "doc", "version": 1, "content": content}


def _size(blocks: Sequence[Block]) -> int:
    return len(json.dumps(_document(blocks)))


def cut(md: str, max_chars: int) -> tuple[str, bool]:
    """As much of a text as fits into `max_chars` of serialised ADF, and whether it was cut.

    A text that is cut ends with `CUT_NOTE`; whole blocks are kept, and of the next one its words.
    """
    blocks = parse(md).blocks
    if _size(blocks) <= max_chars:
        return md, False
    note = Paragraph((Text(CUT_NOTE),))
    whole = _largest(len(blocks) - 1, lambda n: _size([*blocks[:n], note]) <= max_chars)
    words = plain_text(as_line(blocks[whole]))

    def partly(n: int) -> list[Block]:
        return [*blocks[:whole], Paragraph((Text(words[:n] + " " + CUT_NOTE),))]

    part = _largest(len(words), lambda n: _size(partly(n)) <= max_chars)
    return render(Doc(tuple(partly(part)))), True


def _largest(most: int, fits: Any) -> int:
    """The largest number up to `most` that fits, 0 if none does."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _media(node: object, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if not isinstance(node, Mapping) or depth > 200:
        return
    if node.get("type") in ("media", "mediaInline") and isinstance(node.get("attrs"), Mapping):
        yield node
    content = node.get("content")
    for child in content if isinstance(content, Sequence) and not isinstance(content, str) else ():
        yield from _media(child, depth + 1)


def keep_media(new_adf: Mapping[str, Any], old_adf: Mapping[str, Any] | None) -> dict[str, Any]:
    """The new document with the files of the old one that it lacks at its end.

    Jira deletes an attachment when the last document that shows it stops doing so.
    """
    kept = {str(node["attrs"].get("id")) for node in _media(new_adf)}
    missing: list[dict[str, Any]] = []
    for node in _media(old_adf):
        id = node["attrs"].get("id")
        if not isinstance(id, str) or not id or id in kept:
            continue
        kept.add(id)
        attrs = {
            key: node["attrs"][key] for key in ("alt", "width", "height") if key in node["attrs"]
        }
        collection = node["attrs"].get("collection")
        attrs |= {
            "type": "file",
            "id": id,
            "collection": collection if isinstance(collection, str) else "",
        }
        media = {"type": "media", "attrs": attrs}
        missing.append({"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [media]})
    return {**new_adf, "content": [*new_adf.get("content", []), *missing]}
