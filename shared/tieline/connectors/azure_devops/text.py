"""Long texts of work items, HTML or Markdown, and the Markdown in the middle. Pure.

Azure DevOps rewrites the HTML that it is sent (`<p>a</p>` is kept as `<p>a </p>`, an emoji as
`&#128274;`), so texts are compared as Markdown in its normal form, never as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from html import escape, unescape
from urllib.parse import parse_qs, urlsplit

from tieline.domain.richtext.links import attachment_link, attachment_name

HTML, MARKDOWN = "html", "markdown"
FILE = re.compile(r"/_apis/wit/attachments/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# Texts may be a million characters of anything: what may stand around is bounded.
_TARGET = re.compile(rf"\]\(<?(https?://[^\s()<>]{{0,300}}{FILE.pattern}[^\s()<>]{{0,600}})>?\)")
_IMG = re.compile(r"<img\b([^<>]*)>")
_LINK = re.compile(r'<a href="(attachment:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_MENTION = re.compile(r'<span data-mention="([^"]*)">(.*?)</span>', re.DOTALL)
_LABEL = r"((?:[^\[\]\\]|\\.|\[(?:[^\[\]\\]|\\.){0,200}\]){0,1000})"
_OF_MARKDOWN = re.compile(rf"(?<!\\)!?\[{_LABEL}\]\((attachment:[^\s()<>]{{0,1000}})\)")
_PERSON = re.compile(r"@\[((?:[^\[\]\\]|\\.){0,300})\]\(user:([^\s()<>]{0,300})\)")
_BARE_PERSON = re.compile(rf"@<({GUID.pattern})>")


_PASTED = re.compile(
    rf"https?://[^\s\"'<>()\[\]]{{0,300}}{FILE.pattern}(?:\?[^\s\"'<>()\[\]]{{0,600}})?"
)


def pasted(text: str, known: Collection[str]) -> dict[str, tuple[str, str]]:
    """Pictures that people pasted into a text: id -> (name, address), but for those `known`.

    They are files that no relation names. Each is called `image.png` there, so part of the id
    goes into the name: a name must be one file's.
    """
    found: dict[str, tuple[str, str]] = {}
    for match in _PASTED.finditer(text):
        url, id = unescape(match[0]), match[1].lower()
        if id not in known:
            named = parse_qs(urlsplit(url).query).get("fileName") or ["image"]
            stem, dot, end = named[0].rpartition(".")
            name = f"{stem}-{id[:8]}.{end}" if dot and stem else f"{named[0]}-{id[:8]}"
            found.setdefault(id, (name, url))
    return found


def file_of(url: object) -> str:
    """The id of the file that an address of Azure DevOps names, in lower case, or ""."""
    found = FILE.search(url) if isinstance(url, str) else None
    return found[1].lower() if found else ""


def to_markdown(text: str, form: str, names: Mapping[str, str]) -> str:
    """The Markdown of a text; `names` are the ticket's own files by id."""
    from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415 - seldom needed
    from tieline.domain.richtext.markdown import normal_form  # noqa: PLC0415 - likewise

    def image(src: str) -> str | None:
        name = names.get(file_of(src))
        return attachment_link(name) if name else None

    def target(found: re.Match[str]) -> str:
        name = names.get(found[2].lower())
        return f"]({attachment_link(name)})" if name else found[0]

    if form == MARKDOWN:
        named = _BARE_PERSON.sub(r"@[\1](user:\1)", text)
        return normal_form(_TARGET.sub(target, named))
    return _TARGET.sub(target, html_to_markdown(text, image=image))


def from_markdown(md: str, form: str, urls: Mapping[str, str]) -> str:
    """A text as a field takes it; `urls` are the addresses of the ticket's own files by name."""
    return _as_markdown(md, urls) if form == MARKDOWN else _as_html(md, urls)


def _as_html(md: str, urls: Mapping[str, str]) -> str:
    from tieline.domain.richtext.html import markdown_to_html  # noqa: PLC0415 - seldom needed

    def image(found: re.Match[str]) -> str:
        held = {name: unescape(value) for name, value in _ATTRIBUTE.findall(found[1])}
        name = attachment_name(held.get("src", ""))
        if not name:
            return found[0]
        if name not in urls:
            return escape(name, quote=False)
        return f'<img src="{escape(urls[name])}" alt="{escape(held.get("alt", ""))}">'

    def link(found: re.Match[str]) -> str:
        url = urls.get(attachment_name(unescape(found[1])))
        return f'<a href="{escape(url)}">{found[2]}</a>' if url else found[2]

    def mention(found: re.Match[str]) -> str:
        if not GUID.fullmatch(found[1]):
            return found[2]
        return f'<a href="#" data-vss-mention="version:2.0,{found[1]}">{found[2]}</a>'

    html = _MENTION.sub(mention, markdown_to_html(md))
    return _LINK.sub(link, _IMG.sub(image, html))


def _as_markdown(md: str, urls: Mapping[str, str]) -> str:
    from tieline.domain.richtext.markdown import normal_form  # noqa: PLC0415 - seldom needed

    def target(found: re.Match[str]) -> str:
        name = attachment_name(found[2])
        if name in urls:
            return found[0].replace(found[2], urls[name].replace("(", "%28").replace(")", "%29"))
        return re.sub(r"([\\`*_\[\]<>])", r"\\\1", name) if found[0][0] == "!" else found[1]

    def person(found: re.Match[str]) -> str:
        return f"@<{found[2]}>" if GUID.fullmatch(found[2]) else f"@{found[1]}"

    return _PERSON.sub(person, _OF_MARKDOWN.sub(target, normal_form(md)))
