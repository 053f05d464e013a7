"""Readable examples. Where the two texts of a row differ, the difference is what is lost."""

import pytest

from tieline.domain.richtext.adf import adf_to_markdown, markdown_to_adf
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.markdown import normal_form
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown

THROUGH_ADF = [
    ("# Title *x*", "# Title *x*"),
    ("a **b** *c* ~~d~~ `e` <u>f</u> <sub>g</sub> <sup>h</sup>", None),
    ("**`code`**", "`code`"),
    ("~~`code`~~", "`code`"),
    ("[`code`](https://example.org)", None),
    ("***both** one*", None),
    ("- # heading", "- **heading**"),
    ("- | a |\n  | - |\n  | b |", "- a\\\n  b"),
    ("- ***", "- —"),
    ("- > quote", "- quote"),
    ("> > quote", "> quote"),
    ("> # heading", "> **heading**"),
    ("> ---", "> —"),
    ("> | a |\n> | - |\n> | b |", "> a\\\n> b"),
    ("```\n```", None),
    ("- ```py\n  x\n  ```", None),
    ("- - nested first", None),
    ("-", None),
    ("- a\n  1. b\n     - c", None),
    ("5. five\n6. six", None),
    ("- [ ] open\n- [x] done\n  - [ ] below", None),
    ("- [ ] task\n  - no task", None),
    ("> - [x] task in a quote", None),
    ("> [!WARNING]\n> Hot.\n>\n> ## Very", None),
    ("| a | b |\n| --- | --- |\n| **c** | d<br>e |", None),
    ("one\\\ntwo", None),
    ("one\ntwo", "one two"),
    ("@[Jane Doe](user:712020:5b10)", None),
    ("![a](https://example.org/a.png)", None),
    ("a ![p](https://example.org/a.png) b", "a\n\n![p](https://example.org/a.png)\n\nb"),
    ("![log](attachment:my%20log.png)", None),
    ("![log](attachment:gone.png)", "[log]"),
    ("[x](javascript:alert(1))", "x"),
    ("<script>x</script>", "\\<script>x\\</script>"),
    ("", ""),
]


def _media(name):
    return None if name == "gone.png" else {"id": name, "collection": "c"}


@pytest.mark.parametrize(("md", "kept"), THROUGH_ADF)
def test_through_adf(md, kept, official):
    adf = markdown_to_adf(md, media=_media)
    assert [error.message for error in official.iter_errors(adf)] == []
    back, lossy = adf_to_markdown(adf, media=lambda attrs: attrs.get("id"))
    expected = md if kept is None else kept
    assert back == expected
    assert not lossy


@pytest.mark.parametrize(
    ("node", "md"),
    [
        ({"type": "status", "attrs": {"text": "DONE"}}, "[DONE]"),
        ({"type": "date", "attrs": {"timestamp": "1700000000000"}}, "2023-11-14"),
        ({"type": "emoji", "attrs": {"shortName": ":x:", "text": "❌"}}, "❌"),
        ({"type": "inlineCard", "attrs": {"url": "https://a.b"}}, "https://a.b"),
        ({"type": "inlineCard", "attrs": {"url": "javascript:x"}}, "javascript:x"),
        ({"type": "placeholder", "attrs": {"text": "type"}}, ""),
        ({"type": "future", "content": [{"type": "text", "text": "kept"}]}, "kept"),
        ({"type": "expand", "attrs": {"title": "T"}, "content": []}, "**T**"),
    ],
)
def test_nodes_without_a_markdown_form_are_read_and_reported(node, md):
    assert adf_to_markdown({"type": "doc", "version": 1, "content": [node]}) == (md, True)


@pytest.mark.parametrize(
    ("html", "md"),
    [
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<div>A<br></div><div><br></div><div>B</div>", "A\n\nB"),
        ("<b>a </b>b", "**a** b"),
        ("# not a head", "\\# not a head"),
        ('<ul><li><input type="checkbox" checked>done</li></ul>', "- [x] done"),
        ('<span data-mention="7">@Jo</span>', "@[Jo](user:7)"),
        ('<a href="#" data-vss-mention="version:2.0,{ab-1}">@Jo</a>', "@[Jo](user:ab-1)"),
        ('<a href="javascript:x">y</a><script>z</script>', "y"),
        ('<pre><code class="language-py">a\n b</code></pre>', "```py\na\n b\n```"),
        ('<img src="cid:1" alt="gone"><img src="cid:2">', "gone![](attachment:a.png)"),
    ],
)
def test_from_html(html, md):
    image = {"cid:2": "attachment:a.png"}.get
    read = html_to_markdown(html, image=image)
    assert read == md == normal_form(md)


def test_html_is_written_plainly():
    assert markdown_to_html("**a** <b>x\n\n- [x] y") == (
        "<p><strong>a</strong> &lt;b&gt;x</p><ul><li>\u2611 y</li></ul>"
    )


@pytest.mark.parametrize(
    ("typed", "md"),
    [
        ("one\ntwo", "one\\\ntwo"),
        ("1*2*3 <tag> a_b", "1\\*2\\*3 \\<tag> a_b"),
        ("Steps:\n- one\n- two", "Steps:\n\n- one\n- two"),
        ("* star\n* star", "\\* star\\\n\\* star"),
        ("see **this** and *that*", "see **this** and *that*"),
        ("  indented", "&nbsp;&nbsp;indented"),
        ("```sh\nls\n```", "```sh\nls\n```"),
        ("- [x] done", "- [x] done"),
        ("| a |\n| --- |\n| b |", "| a |\n| --- |\n| b |"),
        ("@[Jo](user:1)", "@\\[Jo](user:1)"),
    ],
)
def test_typed_text_is_read_and_given_back(typed, md):
    assert plain_to_markdown(typed) == md
    assert [line for line in markdown_to_plain(md).split("\n") if line] == typed.split("\n")
