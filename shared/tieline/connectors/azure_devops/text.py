"""Long texts of work items, HTML or Markdown, and the Markdown in the middle. Pure.

Azure DevOps rewrites the HTML that it is sent (`<p>a</p>` is kept as `<p>a </p>`, an emoji as
`&#128274;`), so texts are compared as Markdown in its normal form, never as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape

from tieline.domain.richtext.links import attachment_link, attachment_name

HTML, MARKDOWN = "html", "markdown"
FILE = re.compile(r"/_apis/wit/attachments/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")
GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TARGET = re.compile(rf"\]\(<?(https?://[^\s()<>]*{FILE.pattern}[^\s()<>]*)>?\)")
_IMG = re.compile(r"<img\b([^>]*)>")
_LINK = re.compile(r'<a href="(attachment:[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_MENTION = re.compile(r'<span data-mention="([^"]*)">(.*?)</span>', re.DOTALL)
_OF_MARKDOWN = re.compile(r"!?\[((?:[^\]\\]|\\.)*)\]\((attachment:[^\s()<>]*)\)")
_PERSON = re.compile(r"@\[((?:[^\]\\]|\\.)*)\]\(user:([^\s()<>]*)\)")
_BARE_PERSON = re.compile(rf"@<({GUID.pattern})>")


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
        return found[1] or name

    def person(found: re.Match[str]) -> str:
        return f"@<{found[2]}>" if GUID.fullmatch(found[2]) else f"@{found[1]}"

    return _PERSON.sub(person, _OF_MARKDOWN.sub(target, normal_form(md)))
