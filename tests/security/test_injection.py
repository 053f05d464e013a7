"""Whatever a person writes on one side, the other side gets words and formatting, no more."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from security.active_content import adf_words, html_words, in_adf, in_html, nodes

from tieline.connectors.jira.wire import document, markdown_of
from tieline.connectors.servicenow.wire import Field, Form, journal_text, text_of, value_of
from tieline.domain.comments import comment_body
from tieline.domain.link import CommentsRule
from tieline.domain.richtext.adf import adf_to_markdown
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline.domain.richtext.tidy import clean
from tieline.domain.template import fill
from tieline.domain.ticket import Comment, FieldSpec, Kind, Person, Ticket

law = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)

HTML = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//x.y>",
    "<img src=x onerror=alert(1)>",
    "<img src='java\tscript:alert(1)'>",
    "<svg onload=alert(1)>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=x'>",
    "<a href='javascript:alert(1)'>click</a>",
    "<a href='JaVa&#x09;ScRiPt:alert(1)'>",
    "<a href='&#106;avascript:alert(1)'>",
    "<a href=data:text/html;base64,PHNjcmlwdD4=>",
    "<a href='vbscript:x'>",
    "<a href=' javascript:x'>",
    "<a href='\x01javascript:x'>",
    "<p style='width:expression(alert(1))'>",
    "<style>*{background:url(javascript:x)}</style>",
    "<iframe src=//x.y>",
    "<iframe srcdoc='<script>x</script>'>",
    "<object data=x>",
    "<embed src=x>",
    "<base href=//x.y>",
    "<meta http-equiv=refresh content='0;url=javascript:x'>",
    "<form action=javascript:x><input type=submit></form>",
    "<noscript><p title='</noscript><img src=x onerror=x>'>",
    "<template><script>x</script></template>",
    "<!--><script>x</script>-->",
    "<!-- a -- > <script>x</script> -->",
    "<![CDATA[<script>x</script>]]>",
    "<?php x ?>",
    "<b onmouseover=x>",
    "<b",
    "<img src=x onerror=x//",
    "</p></div>",
    "&lt;script&gt;x&lt;/script&gt;",
    "&#60;script&#62;",
    "&amp;lt;script&amp;gt;",
    "<details open ontoggle=x>",
    "<span data-mention='\"><script>'>@Jo</span>",
    "<a data-vss-mention='version:2.0,\"><script>x'>@Jo</a>",
    "<img src='cid:1' alt='\"><script>x</script>'>",
    "<img src='attachment:\"><script>.png'>",
    "<code class='x\" onclick=\"y'>",
    "<ol start='1 onclick=x'>",
]
MARKDOWN = [
    "[a](javascript:alert(1))",
    "[a](JAVASCRIPT:alert(1))",
    "[a](java\nscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](data:text/html,x)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "![a](javascript:x)",
    "![a](data:image/svg+xml,<svg>)",
    '![a](https://x.y/"onerror="x)',
    '[a](https://x.y "onclick=x")',
    "<javascript:x>",
    "[a]: javascript:x\n\n[a]",
    "[a](https://x.y/<script>)",
    "```js onclick=x\n<script>\n```",
    '```"><script>\n```',
    "@[Boss](user:1)",
    '@[<script>](user:"><script>)',
    "@everyone",
    "@here",
    "[~admin]",
    "{macro:x}",
    "[code]<script>x</script>[/code]",
    "[CODE]",
    "[ code ]",
    "[/code]",
    ":smile:",
    "{author}",
    "{body}",
    "{key.__class__}",
    "<u><script>x</script></u>",
    '<img src="https://x.y" alt="a" onerror="x">',
    '<img src="javascript:x" alt="a">',
    "\\<script>",
    "https://x.y/'onclick='x",
    '<https://x.y/"><script>>',
]
PIECES = st.sampled_from([*HTML, *MARKDOWN, " ", "\n", "\n\n", "> ", "- ", "# ", "|", "`", "*"])
HOSTILE = st.lists(PIECES | st.text(max_size=6), max_size=8).map("".join) | st.text(max_size=60)
PLAIN = Field("description", Form.PLAIN, FieldSpec("description", Kind.RICH))
TAGS = Field("u_html", Form.HTML, FieldSpec("u_html", Kind.RICH))


def lost(text, seen):
    """Which runs of plain letters in `text` are not among the letters that are `seen`."""
    letters = re.sub(r"[^a-zA-Z]", "", seen)
    return [word for word in re.findall(r"[a-zA-Z]{3,}", clean(text)) if word not in letters]


@pytest.mark.threat("contents-active")
@law
@given(HOSTILE)
@example("".join(HTML + MARKDOWN))
def test_what_is_typed_in_servicenow_is_words_in_jira_and_none_is_lost(text):
    adf = document(value_of({"description": text}, PLAIN) or "")
    assert in_adf(adf) == []
    assert lost(text, adf_words(adf)) == []


@pytest.mark.threat("contents-active")
@law
@given(HOSTILE)
@example("".join(HTML + MARKDOWN))
def test_what_is_typed_as_markdown_is_no_more_than_words_as_html_adf_and_journal_entry(text):
    assert in_html(markdown_to_html(text)) == []
    assert in_adf(document(text)) == []
    assert not re.search(r"\[\s*/?\s*code", journal_text(text), re.IGNORECASE)


@pytest.mark.threat("contents-active")
@pytest.mark.parametrize("html", HTML)
def test_hostile_html_becomes_words(html):
    """Each alone, and with words after it that a half-open tag could swallow."""
    for text in (html, f"{html} afterwards", f"<p>{html}</p><p>afterwards</p>"):
        markdown = html_to_markdown(text)
        assert in_html(markdown_to_html(markdown)) == []
        assert in_adf(document(markdown)) == []
        assert "alert" not in "".join(re.findall(r"\]\(([^)]*)\)", markdown))


@pytest.mark.threat("contents-active")
@pytest.mark.parametrize(
    "html",
    [
        "<script>hidden()</script>seen",
        "<style>hidden</style>seen",
        "<!-- hidden -->seen",
        "<svg><style>hidden</style></svg>seen",
    ],
)
def test_what_a_reader_of_html_does_not_see_is_no_word(html):
    assert html_to_markdown(html) == "seen"


@pytest.mark.threat("contents-active")
@law
@given(st.lists(st.sampled_from(HTML) | st.text(max_size=6), max_size=6).map("".join))
def test_html_that_passed_through_is_clean_however_often_it_is_read_again(html):
    once = markdown_to_html(html_to_markdown(html))
    assert in_html(once) == []
    twice = markdown_to_html(html_to_markdown(once))
    assert in_html(twice) == []


@pytest.mark.threat("contents-active")
@law
@given(HOSTILE)
def test_a_column_of_html_gets_formatted_words_and_never_what_was_typed(text):
    html = text_of(document_text(text), TAGS)
    assert in_html(html) == []
    assert lost(text, html_words(html)) == []


def document_text(text):
    """What Jira gives as Markdown for a text node that holds `text`."""
    node = {"type": "text", "text": text}
    return markdown_of({"type": "doc", "content": [{"type": "paragraph", "content": [node]}]})


@pytest.mark.threat("contents-mention")
@law
@given(HOSTILE)
@example("[code]<script>x</script>[/code]")
@example("@[Boss](user:1)")
def test_words_of_a_jira_text_are_the_same_words_in_servicenow_and_back(text):
    journal = journal_text(document_text(text))
    assert not re.search(r"\[\s*/?\s*code", journal, re.IGNORECASE)
    assert lost(text, journal) == []
    back = document(plain_to_markdown(journal))
    assert in_adf(back) == []


LINKS = st.sampled_from(
    "javascript:x|JaVaScRiPt:x|java\nscript:x|\x00javascript:x|data:text/html,x|vbscript:x|"  # noqa: SIM905
    '//x.y|/x|file:///x|https://x.y/"onclick=x|mailto:a@b.c|ftp://x|user:1|attachment:../../x'.split(
        "|"
    )
)
ALIEN = st.sampled_from(
    "inlineCard blockCard embedCard extension bodiedExtension inlineExtension mention emoji media "  # noqa: SIM905
    "status date placeholder syncBlock future script".split()
)


def alien(kind, link, text, marked):
    return {
        "type": kind,
        "text": text,
        "attrs": {
            "url": link,
            "href": link,
            "id": text,
            "text": text,
            "shortName": text,
            "type": "external",
            "extensionKey": text,
            "parameters": {"macro": text},
            "data": {"url": link},
            "html": text,
        },
        "marks": [{"type": marked, "attrs": {"href": link}}],
        "content": [{"type": "text", "text": text}],
    }


@pytest.mark.threat("contents-mention")
@law
@given(
    st.lists(
        st.builds(alien, ALIEN, LINKS, HOSTILE, st.sampled_from(["link", "future", "code"])),
        min_size=1,
        max_size=4,
    )
)
def test_unknown_nodes_macros_cards_and_mentions_of_jira_come_out_as_words(found):
    paragraph = {"type": "paragraph", "content": found}
    markdown, _ = adf_to_markdown({"type": "doc", "content": [paragraph, *found]})
    assert in_adf(document(markdown)) == []
    assert in_html(markdown_to_html(markdown)) == []


def comment(author, body):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Comment("1", body, Person("7", "", author), public=True, created=now, updated=now)


NAMES = st.one_of(
    st.sampled_from(
        [
            "@[Boss](user:1)",
            "[x]",
            "```",
            "~~~",
            "<!--",
            "# Jane",
            "- Jane",
            "1. Jane",
            "> Jane",
            "{body}",
            "{author}",
            "**Jane",
            "[Jane](https://x.y",
            "Jane`",
            "Jane\n\n# Boss",
            "<b>Jane",
            "a _b_ c",
            "[code]",
            "Zoë O'Brien-Smith Jr.",
            "Jane\\",
        ]
    ),
    HOSTILE,
)
TEMPLATE = CommentsRule(("it",))


@pytest.mark.threat("contents-name")
@law
@given(NAMES)
@example("@[Boss](user:1)")
@example("[x]")
@example("```")
@example("<!--")
def test_a_name_says_nothing_but_itself_before_a_comment(name):
    body = comment_body(TEMPLATE, comment(name, "https://x.y/z **said** so --> ok"))
    adf = document(body)
    kinds = [node["type"] for node in nodes(adf)]
    assert in_adf(adf) == []
    assert {"codeBlock", "heading", "bulletList", "orderedList", "panel"}.isdisjoint(kinds)
    said = [node for node in nodes(adf) if node.get("text") == "said"]
    assert [mark["type"] for node in said for mark in node["marks"]] == ["strong"]
    assert lost(f"{name} said https", adf_words(adf)) == []


@pytest.mark.threat("contents-name")
@pytest.mark.parametrize("name", ["Jane Doe", "Zoë O'Brien-Smith", "J. R. Ewing Jr.", "王小明"])
def test_an_ordinary_name_is_written_as_it_is(name):
    assert comment_body(TEMPLATE, comment(name, "hi")) == f"{name}: hi"


@pytest.mark.threat("contents-name")
@law
@given(HOSTILE)
def test_what_is_filled_into_a_template_is_never_looked_at_again(text):
    ticket = Ticket("1", "A-1", "https://x.y", "1", datetime(2026, 1, 1, tzinfo=UTC), {"a": text})
    assert fill("<{a}|{key}>", ticket) == f"<{text}|A-1>"


@pytest.mark.threat("contents-name")
@pytest.mark.parametrize("name", ["a _b_ c", "a __b__ c", "x *y* z", "a ~~b~~ c"])
def test_punctuation_of_words_stays_punctuation(name):
    assert markdown_to_plain(document_text(name)).replace("\\", "") == name
    texts = [node for node in nodes(document(document_text(name))) if node["type"] == "text"]
    assert [(node["text"], "marks" in node) for node in texts] == [(name, False)]
