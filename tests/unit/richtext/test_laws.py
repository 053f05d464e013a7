"""What holds for every rich text, whatever is in it."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieline.domain.richtext.adf import adf_to_markdown, cut, keep_media, markdown_to_adf
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.markdown import normal_form
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown

law = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

PIECES = st.sampled_from(
    "a|b c|word|**|*|_|~~|`|``|[|]|](http://x.y)|](javascript:x)|![|<u>|</u>|<sup>|</sup>|<br>|<b|&amp;|"  # noqa: SIM905
    "&|\\|\n|\n\n|\n- |\n  - |\n1. |\n3) |\n# |\n> |\n> [!NOTE]\n> |\n```\n|\n~~~py\n|\n---\n|\n===\n|"  # noqa: E501
    "- [ ] |- [x] |@[Jo](user:1:2)|![p](attachment:a%20b.png)|https://a.b/c_(d)|  \n|\\\n|\t|    |"
    "\xa0|é|\u200b|漢|😀|1.|#|!|(|)|:|'|\"".split("|")
) | st.sampled_from(["|", "\n| a | b |\n| --- | --- |\n| c | d |\n"])
NASTY = st.lists(PIECES, max_size=25).map("".join)
TEXTS = NASTY | st.text(max_size=60)

WORDS = st.lists(st.from_regex(r"[A-Za-z]{1,8}", fullmatch=True), min_size=1, max_size=4).map(
    " ".join
)
SPANS = st.one_of(
    WORDS,
    WORDS.map("**{}**".format),
    WORDS.map("*{}*".format),
    WORDS.map("`{}`".format),
    WORDS.map("[{}](https://example.org/a?b=1)".format),
    st.sampled_from(["1\\*2\\*3", "a_b", "\\# no", "\\- no", "\\*\\*no\\*\\*", "x < y", "1\\. no"]),
)
LINES = st.lists(SPANS, min_size=1, max_size=4).map(" ".join)
ITEMS = st.lists(LINES, min_size=1, max_size=3)
COMMON_BLOCKS = st.one_of(
    LINES,
    st.lists(LINES, min_size=2, max_size=3).map("\\\n".join),
    LINES.map("## {}".format),
    ITEMS.map(lambda items: "\n".join("- " + item for item in items)),
    ITEMS.map(lambda items: "\n".join(f"{n}. {item}" for n, item in enumerate(items, 1))),
    ITEMS.map(lambda items: "- top\n" + "\n".join("  - " + item for item in items)),
    ITEMS.map(lambda items: "\n".join("- [x] " + item for item in items)),
    LINES.map("> {}".format),
    WORDS.map("```sh\n{}\n\n- **x**\n```".format),
    WORDS.map("| a | b |\n| --- | --- |\n| {} | **d** |".format),
)
COMMON = st.lists(COMMON_BLOCKS, max_size=5).map("\n\n".join)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
NODES = [
    "blockCard",
    "blockTaskItem",
    "blockquote",
    "bodiedExtension",
    "bulletList",
    "caption",
    "codeBlock",
    "date",
    "doc",
    "embedCard",
    "emoji",
    "expand",
    "extension",
    "hardBreak",
    "heading",
    "inlineCard",
    "inlineExtension",
    "layoutColumn",
    "layoutSection",
    "listItem",
    "media",
    "mediaGroup",
    "mediaInline",
    "mediaSingle",
    "mention",
    "nestedExpand",
    "orderedList",
    "panel",
    "paragraph",
    "placeholder",
    "rule",
    "status",
    "syncBlock",
    "table",
    "tableCell",
    "tableHeader",
    "tableRow",
    "taskItem",
    "taskList",
    "text",
]
KINDS = st.sampled_from([*NODES, "decisionList", "decisionItem"]) | st.sampled_from(
    ["future", "text", "paragraph", "listItem", "taskItem", "tableCell"]
)
MARKS = st.sampled_from(
    [{"type": m} for m in ("strong", "em", "strike", "underline", "code", "alien")]
    + [{"type": "subsup", "attrs": {"type": "sup"}}]
    + [{"type": "link", "attrs": {"href": h}} for h in ("https://x.y", "javascript:alert(1)")]
)
ATTRS = st.fixed_dictionaries(
    {},
    optional={
        "level": st.integers(-1, 9),
        "id": st.text(max_size=4),
        "text": st.text(max_size=4),
        "url": st.just("http://a.b/c.png"),
        "type": st.sampled_from(["file", "external"]),
        "alt": st.sampled_from(["a.png", "", "b [c]"]),
        "order": st.integers(-2, 12),
        "state": st.sampled_from(["TODO", "DONE"]),
        "panelType": st.sampled_from(["info", "tip", "custom", "odd"]),
        "title": st.text(max_size=4),
        "timestamp": st.sampled_from(["1700000000000", "x", 10**30, None]),
        "colspan": st.sampled_from([2, "x"]),
    },
)


def _nodes(inner):
    return st.fixed_dictionaries(
        {"type": KINDS, "attrs": ATTRS, "content": st.lists(inner, max_size=3)},
        optional={"text": TEXTS, "marks": st.lists(MARKS, max_size=3)},
    )


LEAVES = st.fixed_dictionaries(
    {"type": st.just("text"), "text": TEXTS}, optional={"marks": st.lists(MARKS, max_size=3)}
)
DOCS = st.lists(st.recursive(LEAVES, _nodes, max_leaves=8), max_size=4).map(
    lambda content: {"type": "doc", "version": 1, "content": content}
)


def lines(text):
    """A plain text without blank lines, trailing white space and kinds of white space."""
    return [
        "".join(" " if char.isspace() else char for char in line.expandtabs(4)).rstrip()
        for line in normal_characters(text).split("\n")
        if line.strip()
    ]


def normal_characters(text):
    from tieline.domain.richtext.tidy import clean  # noqa: PLC0415

    return clean(text)


@law
@given(TEXTS)
def test_normal_form_is_its_own_normal_form(md):
    once = normal_form(md)
    assert normal_form(once) == once


@law
@given(TEXTS)
def test_every_markdown_makes_valid_adf_that_is_stable_after_one_turn(assert_valid, md):
    adf = markdown_to_adf(
        md, media=lambda name: {"id": "u", "collection": "c"} if "a" in name else None
    )
    assert_valid(adf)
    once, _ = adf_to_markdown(adf)
    again = markdown_to_adf(once)
    assert_valid(again)
    assert markdown_to_adf(adf_to_markdown(again)[0]) == again


@law
@given(DOCS)
def test_every_adf_is_read_and_is_stable_after_one_turn(assert_valid, doc):
    once, _ = adf_to_markdown(doc)
    assert normal_form(once) == once
    adf = markdown_to_adf(once)
    assert_valid(adf)
    assert markdown_to_adf(adf_to_markdown(adf)[0]) == adf


@law
@given(JSON)
def test_any_json_in_place_of_adf_is_survived(value):
    adf_to_markdown(value)
    adf_to_markdown({"type": "doc", "content": value})
    adf_to_markdown(
        {"type": "doc", "content": [{"type": "table", "content": value, "attrs": value}]}
    )


@law
@given(TEXTS)
def test_markdown_through_html_is_stable_after_one_turn(md):
    once = html_to_markdown(markdown_to_html(md))
    assert html_to_markdown(markdown_to_html(once)) == once


TAGS = st.sampled_from(
    "<p>|</p>|<b>|</b>|<ul>|<li>|</ul>|<ol start=3>|<table>|<tr>|<td>|</table>|<pre>|</pre>|<code>|<br>|"  # noqa: E501, SIM905
    "<div>|</div>|<img src=cid:1 alt=x>|<a href=javascript:x>|</a>|<script>x</script>|text| |\n|&lt;|* |_a_|"  # noqa: E501
    "<span data-mention=7>@Jo</span>|<input type=checkbox checked>|<blockquote>|<h2>|</h2>|# x|1. |[!NOTE]".split(  # noqa: E501
        "|"
    )
)


@law
@given(st.lists(TAGS, max_size=20).map("".join) | st.text(max_size=40))
def test_every_html_is_read_and_is_stable_after_one_turn(html):
    once = html_to_markdown(html)
    assert html_to_markdown(markdown_to_html(once)) == once
    assert "javascript:" not in markdown_to_html(once)


@law
@given(COMMON)
def test_common_markdown_survives_a_field_without_formatting(md):
    assert normal_form(plain_to_markdown(markdown_to_plain(md))) == normal_form(md)


@law
@given(COMMON)
def test_common_markdown_survives_html(md):
    assert html_to_markdown(markdown_to_html(md)) == normal_form(md)


@law
@given(TEXTS | COMMON)
def test_typed_text_comes_back_as_typed(text):
    md = plain_to_markdown(text)
    back = markdown_to_plain(md)
    assert lines(back) == lines(text)
    assert plain_to_markdown(back) == md
    assert normal_form(md) == md


@law
@given(TEXTS)
def test_markdown_in_a_field_without_formatting_settles_after_one_turn(md):
    once = plain_to_markdown(markdown_to_plain(md))
    assert plain_to_markdown(markdown_to_plain(once)) == once


@law
@given(NASTY | COMMON, st.integers(300, 900))
def test_a_cut_text_fits(md, limit):
    text, was_cut = cut(md, limit)
    assert len(json.dumps(markdown_to_adf(text))) <= limit
    assert was_cut == (len(json.dumps(markdown_to_adf(md))) > limit)


@pytest.mark.parametrize("depth", [30, 3000])
def test_deep_documents_are_read_to_the_bottom(depth, assert_valid):
    node = {"type": "paragraph", "content": [{"type": "text", "text": "bottom"}]}
    for _ in range(depth):
        node = {"type": "bulletList", "content": [{"type": "listItem", "content": [node]}]}
    md, lossy = adf_to_markdown({"type": "doc", "version": 1, "content": [node]})
    assert "bottom" in md
    assert lossy
    assert_valid(markdown_to_adf(md))


def test_files_of_the_old_document_are_kept_once(assert_valid):
    def picture(id):
        attrs = {"type": "file", "id": id, "collection": "c", "alt": id + ".png"}
        media = {"type": "media", "attrs": attrs}
        return {"type": "mediaSingle", "attrs": {"layout": "center"}, "content": [media]}

    def doc(*ids):
        return {"type": "doc", "version": 1, "content": [picture(id) for id in ids]}

    merged = keep_media(doc("b"), doc("a", "b", "a"))
    assert merged == doc("b", "a")
    assert_valid(merged)
    assert keep_media(merged, doc("a", "b")) == merged
