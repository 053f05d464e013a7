"""Markdown to the tree, by markdown-it-py with raw HTML off.

Beyond CommonMark: tables, `~~strike~~`, `- [x]` tasks, `> [!NOTE]` panels, `@[Name](user:id)`
mentions. Of HTML only these are understood, as tokens of their own and only in pairs: `<u>`,
`<sub>`,
`<sup>`, and `<strong>`, `<em>`, `<s>` for what stars cannot say; besides them `<br>`, `<img>` and
comments, which are dropped. Every other tag is text.

The plain dialect is what `plain` reads: stars only at the edges of words, no underscores, no
tags, no
entities, no underlined headings, no indented code, and each line end is a break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from tieline.domain.richtext.links import safe_image, safe_link, user_id
from tieline.domain.richtext.tidy import clean, tidy_blocks
from tieline.domain.richtext.tree import (
    PANELS,
    REMEMBERED,
    Block,
    Break,
    Bullets,
    Fence,
    Heading,
    Image,
    Inline,
    Inlines,
    Item,
    Mark,
    Mention,
    Numbers,
    Paragraph,
    Quote,
    Rule,
    Table,
    Text,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_TAGS = {
    "u": Mark.UNDERLINE,
    "ins": Mark.UNDERLINE,
    "sub": Mark.SUB,
    "sup": Mark.SUP,
    "strong": Mark.STRONG,
    "b": Mark.STRONG,
    "em": Mark.EM,
    "i": Mark.EM,
    "s": Mark.STRIKE,
    "del": Mark.STRIKE,
}
_SPANS = {"strong": Mark.STRONG, "em": Mark.EM, "s": Mark.STRIKE}
_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>" + "|".join(_TAGS) + r")>|<(?P<br>br) ?/?>|<!--"
    r"|<img(?P<img>(?:\s+[\w-]+=\"[^\"<>]*\")+)\s*/?>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([\w-]+)=\"([^\"]*)\"")
_TASK = re.compile(r"\[([ xX])\](?=\s|$)[ \t]*")
_PANEL = re.compile(r"\[!(" + "|".join(PANELS) + r")\][ \t]*(?:\n|$)", re.IGNORECASE)
_DEPTH = 100
_EFFORT = 30_000_000
"""Brackets of a line times its length, beyond which links in it are not looked for."""


def _tag_rule(state: StateInline, silent: bool) -> bool:
    """Inline rule: the few tags that are tokens."""
    found = _TAG.match(state.src, state.pos)
    if found is None:
        return False
    end = found.end()
    if found.group() == "<!--":
        end = state.src.find("-->", end) + 3
        if end < found.end():
            return False
    if not silent:
        token = state.push("tag", "", 0)
        token.content = state.src[state.pos : end]
        name = (found["name"] or "").lower()
        token.meta = {"name": name, "close": bool(found["close"]), "br": bool(found["br"])}
        token.meta["img"] = dict(_ATTRIBUTE.findall(found["img"])) if found["img"] else None
    state.pos = end
    return True


def _br_rule(state: StateInline, silent: bool) -> bool:
    """Inline rule of the plain dialect: `<br>`, the one line end that a table's cell can hold."""
    return state.src.startswith("<br>", state.pos) and _tag_rule(state, silent)


def _star_rule(state: StateInline, silent: bool) -> bool:
    """Inline rule of the plain dialect: stars count only at the edges of words."""
    from markdown_it.rules_inline.state_inline import Delimiter  # noqa: PLC0415 - cold start

    if silent or state.src[state.pos] != "*":
        return False
    run = state.scanDelims(state.pos, canSplitWord=False)
    for _ in range(run.length):
        token = state.push("text", "", 0)
        token.content = "*"
        state.delimiters.append(
            Delimiter(
                marker=ord("*"),
                length=run.length,
                token=len(state.tokens) - 1,
                end=-1,
                open=run.can_open,
                close=run.can_close,
            )
        )
    state.pos += run.length
    return True


def _heads_rule(state: StateCore) -> None:
    """Core rule: take the task box and the panel's name off the text they stand before."""
    tokens = state.tokens
    for opening, between, inline in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if between.type != "paragraph_open" or inline.type != "inline":
            continue
        if opening.type == "list_item_open":
            found = _TASK.match(inline.content)
            if found:
                opening.meta["checked"] = found[1] != " "
        elif opening.type == "blockquote_open":
            found = _PANEL.match(inline.content)
            if found:
                opening.meta["panel"] = found[1].upper()
        else:
            continue
        if found:
            inline.content = inline.content[found.end() :]


def _inline_rule(state: StateCore) -> None:
    """Core rule: reads the content of lines, those with a flood of brackets without links.

    For each bracket the parser may look through all that follows it.
    """
    plain = "br" in state.md.inline.ruler.get_all_rules()
    for token in state.tokens:
        if token.type == "inline":
            effort = token.content.count("[") * len(token.content)
            md = _parser(plain=plain, links=False) if effort > _EFFORT else state.md
            token.children = md.inline.parse(token.content, md, state.env, [])


@cache
def _parser(*, plain: bool, links: bool = True) -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - cold start

    class Lenient(MarkdownIt):
        """Leaves addresses as they are written; `links` decides about them."""

        def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002
            return True

        def normalizeLink(self, url: str) -> str:  # noqa: N802
            return url

        def normalizeLinkText(self, link: str) -> str:  # noqa: N802
            return link

    md = Lenient("commonmark", {"html": False, "maxNesting": _DEPTH})
    md.enable(["table", "strikethrough"])
    md.core.ruler.before("inline", "heads", _heads_rule)
    md.core.ruler.at("inline", _inline_rule)
    if not links:
        md.disable(["link", "image"])
    if plain:
        md.disable(["lheading", "code", "reference", "autolink", "entity"])
        md.inline.ruler.at("emphasis", _star_rule)
        md.inline.ruler.before("autolink", "br", _br_rule)
    else:
        md.inline.ruler.before("autolink", "tags", _tag_rule)
    return md


def _paired(children: Sequence[Token]) -> set[int]:
    """Which tag tokens have their partner."""
    open_at: dict[str, list[int]] = {}
    pairs: set[int] = set()
    for number, token in enumerate(children):
        if token.type != "tag" or not token.meta["name"]:
            continue
        name = token.meta["name"]
        if not token.meta["close"]:
            open_at.setdefault(name, []).append(number)
        elif open_at.get(name):
            pairs |= {open_at[name].pop(), number}
    return pairs


class _Line:
    """Collects the flat runs of one line of content."""

    def __init__(self, *, breaks: bool) -> None:
        self.out: list[Inline] = []
        self.depth: dict[Mark, int] = {}
        self.href = ""
        self.user = ""
        self.label = ""
        self.breaks = breaks

    def text(self, text: str, *extra: Mark) -> None:
        if self.user:
            self.label += text
            return
        marks = frozenset(mark for mark, depth in self.depth.items() if depth) | set(extra)
        self.out.append(Text(text, marks, self.href))

    def image(self, alt: str, src: str) -> None:
        src = safe_image(src)
        if src and not self.user:
            self.out.append(Image(alt, src, self.href))
        else:
            self.text(alt)

    def begin_link(self, href: str) -> None:
        self.user, self.label = user_id(href), ""
        self.href = "" if self.user else safe_link(href)

    def end_link(self) -> None:
        if self.user:
            last = self.out[-1] if self.out else None
            if isinstance(last, Text) and last.text.endswith("@"):
                self.out[-1] = Text(last.text[:-1], last.marks, last.href)
            self.out.append(Mention(self.user, self.label))
        self.user = self.href = ""

    def tag(self, token: Token, *, paired: bool) -> None:
        if token.meta["br"]:
            self.out.append(Break())
        elif token.meta["img"] is not None:
            self.image(token.meta["img"].get("alt", ""), token.meta["img"].get("src", ""))
        elif token.meta["name"] and paired:
            mark = _TAGS[token.meta["name"]]
            self.depth[mark] = self.depth.get(mark, 0) + (-1 if token.meta["close"] else 1)
        elif token.meta["name"]:
            self.text(token.content)

    def add(self, token: Token, *, paired: bool) -> None:
        kind, _, edge = token.type.rpartition("_")
        if token.type in ("text", "text_special"):
            self.text(token.content)
        elif token.type == "code_inline":
            self.text(token.content, Mark.CODE)
        elif token.type == "hardbreak" or (token.type == "softbreak" and self.breaks):
            self.out.append(Break())
        elif token.type == "softbreak":
            self.text(" ")
        elif token.type == "link_open":
            self.begin_link(str(token.attrGet("href") or ""))
        elif token.type == "link_close":
            self.end_link()
        elif token.type == "image":
            alt = "".join(
                " " if child.type.endswith("break") else child.content
                for child in token.children or ()
            )
            self.image(alt, str(token.attrGet("src") or ""))
        elif kind in _SPANS:
            mark = _SPANS[kind]
            self.depth[mark] = self.depth.get(mark, 0) + (1 if edge == "open" else -1)
        elif token.type == "tag":
            self.tag(token, paired=paired)


def _inlines(token: Token, *, breaks: bool) -> Inlines:
    children = token.children or []
    pairs = _paired(children)
    line = _Line(breaks=breaks)
    for number, child in enumerate(children):
        line.add(child, paired=number in pairs)
    return tuple(line.out)


def _rows(tokens: Iterator[Token], *, breaks: bool) -> Table:
    rows: list[tuple[Inlines, ...]] = []
    row: list[Inlines] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type == "inline":
            row.append(_inlines(token, breaks=breaks))
        elif token.type == "tr_close":
            rows.append(tuple(row))
            row = []
    return Table(tuple(rows))


def _items(tokens: Iterator[Token], *, breaks: bool) -> tuple[Item, ...]:
    items: list[Item] = []
    for token in tokens:
        if token.type != "list_item_open":
            break
        items.append(Item(_blocks(tokens, breaks=breaks), token.meta.get("checked")))
    return tuple(items)


def _blocks(tokens: Iterator[Token], *, breaks: bool) -> tuple[Block, ...]:  # noqa: C901
    """The blocks up to the end of what encloses them."""
    out: list[Block] = []
    pending: Inlines = ()
    for token in tokens:
        match token.type:
            case "inline":
                pending = _inlines(token, breaks=breaks)
            case "paragraph_close":
                out.append(Paragraph(pending))
            case "heading_close":
                out.append(Heading(int(token.tag[1]), pending))
            case "fence" | "code_block":
                out.append(Fence(token.content.removesuffix("\n"), token.info.strip()))
            case "hr":
                out.append(Rule())
            case "blockquote_open":
                out.append(Quote(_blocks(tokens, breaks=breaks), token.meta.get("panel", "")))
            case "bullet_list_open":
                out.append(Bullets(_items(tokens, breaks=breaks)))
            case "ordered_list_open":
                start = token.attrGet("start")
                out.append(
                    Numbers(_items(tokens, breaks=breaks), 1 if start is None else int(start))
                )
            case "table_open":
                out.append(_rows(tokens, breaks=breaks))
            case "blockquote_close" | "list_item_close":
                break
            case _:
                pass
    return tuple(out)


@lru_cache(REMEMBERED)
def read(text: str, *, breaks: bool = False, plain: bool = False) -> tuple[Block, ...]:
    """The blocks of a text in their normal shape. `breaks`: each line end is a break."""
    tokens = _parser(plain=plain).parse(clean(text))
    return tidy_blocks(_blocks(iter(tokens), breaks=breaks))


def chunks(text: str) -> list[tuple[int, int]]:
    """First line and end line of each outermost block of a text in the plain dialect."""
    tokens = _parser(plain=True).parse(text)
    spans = {tuple(t.map) for t in tokens if t.level == 0 and t.nesting >= 0 and t.map}
    return sorted((begin, end) for begin, end in spans)
