"""Rich text: HTML as Freshworks keeps it, from and to Markdown, pictures by the files' names.

A text may hold a file's lasting address, `/helpdesk/attachments/{id}`; the address that the API
gives of a file is over after minutes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape, unescape

from tieline.connectors.fresh.wire import BLANK
from tieline.domain.richtext.links import ATTACHMENT, attachment_link, attachment_name

Names = Callable[[], Mapping[str, str]]
"""Asks for a record's files: id -> name."""
_FILE = re.compile(r"/attachments/(?:production/)?([0-9]{1,18})(?:[/?#]|$)")
_PICTURE = re.compile(r'<img src="(attachment:[^"]*)"(?: alt="([^"]*)")?>')
_LINK = re.compile(r'<a href="(attachment:[^"]*)"')


def from_html(html: str, names: Names) -> str:
    """The Markdown of a text. A picture that is one of the files is named by it."""
    from tieline.domain.richtext.html import html_to_markdown  # noqa: PLC0415 - cold start

    def picture(src: str) -> str | None:
        found = _FILE.search(src)
        name = names().get(found[1]) if found else None
        return attachment_link(name) if name else None

    return html_to_markdown(html, image=picture)


def to_html(markdown: str, home: str, names: Names) -> str:
    """The HTML of a text; a picture of a file that is not there stays as its name."""
    from tieline.domain.richtext.html import markdown_to_html  # noqa: PLC0415 - cold start

    html = markdown_to_html(markdown)
    if ATTACHMENT in html:
        by_name = {name: id for id, name in names().items()}

        def address(found: re.Match[str]) -> str:
            id = by_name.get(attachment_name(unescape(found[1])))
            return f"{home}/helpdesk/attachments/{id}" if id else ""

        def picture(found: re.Match[str]) -> str:
            url, alt = address(found), found[2] or ""
            if url:
                return f'<img src="{escape(url)}" alt="{alt}">'
            return escape(attachment_name(unescape(found[1])), quote=False) or alt

        html = _PICTURE.sub(picture, html)
        html = _LINK.sub(lambda found: f'<a href="{escape(address(found))}"', html)
    return html or BLANK
