"""What Zendesk makes of values: tags, custom fields, HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import nh3

from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.plain import markdown_to_plain
from tieline_ops.sandbox.zendesk.content import TicketField
from tieline_ops.sandbox.zendesk.errors import invalid
from tieline_ops.sandbox.zendesk.state import Site, Ticket

_WRAPPER = '<div class="zd-comment" dir="auto">{}</div>'
_TAGGED = frozenset({"tagger", "multiselect", "checkbox"})
_PATTERNS = {
    "integer": r"-?\d+",
    "decimal": r"-?\d+(\.\d+)?",
    "date": r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
}


def tags_of(site: Site, asked: Any) -> list[str]:
    """A list of tags as it is kept: lower case, no spaces, each once, sorted."""
    if isinstance(asked, str):
        asked = asked.split()
    found: set[str] = set()
    for each in asked or ():
        words = str(each).lower().split()
        found |= set(words) if site.on("tags_split_on_spaces") else {"_".join(words)}
    return sorted(found - {""})


def with_tags(site: Site, ticket: Ticket, tags: Iterable[str]) -> None:
    """Replace all tags; lists and boxes follow, for their values are tags."""
    ticket.tags = sorted(set(tags))
    for field in site.custom_fields():
        options = [option.value for option in field.options]
        chosen = [value for value in options if value in ticket.tags]
        if field.type == "tagger":
            ticket.custom[field.id] = chosen[0] if chosen else None
        elif field.type == "multiselect":
            ticket.custom[field.id] = chosen or None
        elif field.type == "checkbox" and field.tag:
            ticket.custom[field.id] = field.tag in ticket.tags


def with_custom(ticket: Ticket, field: TicketField, value: Any) -> None:
    """Set one field; what it added to the tags before goes away. Raises ZendeskError 422."""
    kept = _checked(field, value)
    ticket.custom[field.id] = kept
    if field.type in _TAGGED:
        mine = {option.value for option in field.options} | ({field.tag} - {""})
        given = kept if isinstance(kept, list) else [kept] if isinstance(kept, str) else []
        if kept is True and field.tag:
            given = [field.tag]
        ticket.tags = sorted((set(ticket.tags) - mine) | set(given))


def _checked(field: TicketField, value: Any) -> Any:
    """A value in the form that answers have."""
    if field.type == "checkbox":
        return value in (True, "true", "1", 1)
    if value in (None, "", []):
        return None
    words = f"{field.title}: is invalid"
    options = {option.value for option in field.options}
    chosen = value if isinstance(value, list) else [value]
    pattern = {**_PATTERNS, "regexp": field.pattern}.get(field.type, "(?s).*")
    if (options and not set(chosen) <= options) or not re.fullmatch(pattern, str(value)):
        raise invalid(base=words)
    if field.type == "multiselect":
        return [option.value for option in field.options if option.value in chosen]
    return str(value)


def initial(field: TicketField) -> Any:
    """What a field holds that nobody has touched."""
    return False if field.type == "checkbox" else None


def stored_html(given: str) -> str:
    """HTML as Zendesk gives it back: sanitised, and wrapped."""
    attributes = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
    clean = nh3.clean(given, attributes=attributes, link_rel="noopener noreferrer")
    return _WRAPPER.format(re.sub(r"<(p|ul|ol|h[1-6])>", r'<\1 dir="auto">', clean))


def html_of(comment: Mapping[str, Any]) -> str:
    """The HTML of a comment's input; `body` is taken as Markdown. "" if there is none."""
    if comment.get("html_body"):
        return str(comment["html_body"])
    return markdown_to_html(str(comment["body"])) if comment.get("body") else ""


def plain(html: str) -> str:
    """The words of a comment."""
    return markdown_to_plain(html_to_markdown(html))
