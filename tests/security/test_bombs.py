"""Hostile texts: as long as any system takes, made to cost a parser all it can."""

import json
import signal
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from support.world import JANE, real_link, world

from tieline.connectors.jira.wire import media_in
from tieline.domain.richtext.adf import adf_to_markdown, cut, keep_media, markdown_to_adf
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.links import bare_links
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown

LENGTH = 100_000
SECONDS = 12
"""Of computing, not of waiting; what these texts take is a third of it at most."""
DEEP = 5_000
OMAR = "omar@acme.example"

SEEDS = [
    "[",
    "![",
    "[![](",
    "a*",
    "> ",
    "<b>",
    "<!--",
    "x\n",
    "\n| - ",
    "https://a.b/(",
    "[a](https://a.b/(",
]
CONVERSIONS = {
    "Markdown to ADF": markdown_to_adf,
    "Markdown to HTML": markdown_to_html,
    "Markdown to plain text": markdown_to_plain,
    "plain text to Markdown": plain_to_markdown,
}


class TooSlowError(Exception):
    pass


@contextmanager
def bounded(seconds=SECONDS):
    """Breaks off what computes for longer."""

    def stop(*_):
        raise TooSlowError(f"more than {seconds} s")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@pytest.mark.threat("contents-bomb")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_hundred_thousand_hostile_characters_are_converted_in_bounded_time(seed):
    text = (seed * (LENGTH // len(seed) + 1))[:LENGTH]
    with bounded():
        adf = markdown_to_adf(text)
    assert adf["type"] == "doc"


@pytest.mark.threat("contents-bomb")
@pytest.mark.parametrize("name", CONVERSIONS)
@pytest.mark.parametrize("seed", ["[", "https://a.b/(", "x\n", "a*"])
def test_every_conversion_of_a_long_hostile_text_ends(name, seed):
    text = (seed * (LENGTH // len(seed) + 1))[: LENGTH // 5]
    with bounded():
        assert CONVERSIONS[name](text)


@pytest.mark.threat("contents-bomb")
def test_a_flood_of_addresses_costs_time_in_proportion():
    def seconds(count):
        started = time.process_time()
        bare_links("https://a.b/(" * count)
        return time.process_time() - started

    with bounded():
        assert seconds(40_000) < 1


@pytest.mark.threat("contents-bomb")
@pytest.mark.parametrize(
    "tag", ["b", "div", "ul><li", "table><tr><td", "blockquote", "svg", "math"]
)
def test_html_of_twenty_thousand_characters_of_open_tags_is_read(tag):
    html = f"<{tag}>" * (LENGTH // 5 // (len(tag) + 2)) + "words"
    with bounded():
        assert "words" in html_to_markdown(html)


def nested(kind, depth):
    node = {"type": "text", "text": "words"}
    for _ in range(depth):
        node = {"type": kind, "attrs": {"title": "x", "url": "https://x.y"}, "content": [node]}
    return {"type": "doc", "version": 1, "content": [node]}


@pytest.mark.threat("contents-bomb")
@pytest.mark.threat("contents-bomb")
@pytest.mark.parametrize(
    "kind",
    "doc paragraph heading blockquote panel bulletList orderedList listItem taskList taskItem "  # noqa: SIM905
    "table tableRow tableCell expand layoutSection bodiedExtension mediaSingle media text future "
    "decisionList codeBlock".split(),
)
def test_adf_of_any_depth_is_read(kind):
    doc = nested(kind, DEEP)
    with bounded():
        adf_to_markdown(doc)
        keep_media({"type": "doc", "content": []}, doc)
        media_in(doc)


@pytest.mark.threat("contents-bomb")
def test_adf_of_thousands_of_pieces_is_read_in_bounded_time():
    pieces = [
        {"type": "text", "text": "[", "marks": [{"type": "strong"}] if n % 2 else []}
        for n in range(5_000)
    ]
    doc = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": pieces}]}
    with bounded():
        markdown, _ = adf_to_markdown(doc)
    assert markdown.count("[") >= 5_000


@pytest.mark.threat("contents-bomb")
def test_a_long_hostile_text_is_cut_to_what_jira_takes_in_bounded_time():
    with bounded():
        text, was_cut = cut("[![](" * 7_000, 32_767)
    assert was_cut
    assert len(json.dumps(markdown_to_adf(text))) <= 32_767


@pytest.mark.threat("contents-bomb")
def test_a_line_with_a_flood_of_brackets_keeps_its_words_and_its_next_line_its_links():
    flood = "[" * 40_000 + " words"
    back, _ = adf_to_markdown(markdown_to_adf(f"{flood}\n\n[a](https://x.y)"))
    assert "words" in back
    assert back.endswith("[a](https://x.y)")
    assert back.count("[") == 40_001


@pytest.mark.threat("contents-bomb")
def test_hostile_tickets_of_both_systems_cross_beside_others_and_nothing_dies():
    with world(real_link()) as w, bounded(60):
        w.incident("brackets", description="[" * 3_900)
        w.incident("addresses", description="https://a.b/(" * 300)
        hostile = {"description": "![" * 3_000, "labels": ["servicenow"]}
        w.jira.create_issue(OMAR, summary="pictures", **hostile)
        w.incident("other", description="words")
        w.settle(ticks=1)
        titles = [issue["summary"] for issue in w.issues()]
        assert sorted(titles) == ["addresses", "brackets", "other", "pictures"]
        assert len(w.snow.numbers()) == 4
        assert not w.wiring.store.parked(10)
        assert not w.queue.dead


@pytest.mark.threat("contents-bomb")
@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError])
def test_a_ticket_that_cannot_be_read_holds_up_itself_alone(error):
    with world(real_link()) as w:
        one, two = w.incident("cannot be read"), w.incident("other")
        unreadable = w.snow.raw(one)["sys_id"]
        connector = w.wiring.sides.connector("it")
        read = connector.read

        def hostile(id, want):
            if id == unreadable:
                raise error("what it says")
            return read(id, want)

        connector.read = hostile
        pass_half_an_hour(w)
        assert [issue["summary"] for issue in w.issues()] == ["other"]
        assert {json.loads(dead.body)["id"] for dead in w.queue.dead} == {unreadable}
        w.snow.edit(JANE, two, short_description="other, changed")
        pass_half_an_hour(w)
        assert [issue["summary"] for issue in w.issues()] == ["other, changed"]


def pass_half_an_hour(w):
    """Not until nothing is left to do: each poll brings the ticket that dies again."""
    for _ in range(6):
        w.flow()
        w.clock.advance(timedelta(minutes=5))
        w.tick()
    w.flow()
