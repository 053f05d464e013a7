"""An edit between a write and the read after it is told from what a system's own form makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tieline.domain.richtext.adf import adf_to_markdown, cut, markdown_to_adf
from tieline.domain.richtext.html import html_to_markdown, markdown_to_html
from tieline.domain.richtext.plain import markdown_to_plain, plain_to_markdown
from tieline.domain.richtext.said import says

law = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
Convert = Callable[[str], str]


def through_adf(md: str) -> str:
    def file(name: str) -> dict[str, str] | None:
        return {"id": "u", "collection": "c"} if "a" in name else None

    return adf_to_markdown(markdown_to_adf(md, mention=lambda _: None, media=file))[0]


FORMS: dict[str, Convert] = {
    "markdown": lambda md: md,
    "plain": lambda md: plain_to_markdown(markdown_to_plain(md)),
    "html": lambda md: html_to_markdown(markdown_to_html(md)),
    "adf": through_adf,
}
WORDS = st.lists(st.from_regex(r"[A-Za-z0-9é漢]{1,8}", fullmatch=True), min_size=1, max_size=4)
LOOKS = ("{}", "**{}**", "*{}*", "`{}`", "[{}](https://example.org/a?b=1)", "~~{}~~", '"{}"')
BLOCKS = ("{}", "## {}", "> {}", "- {}", "1. {}", "- [x] {}", "- [ ] {}", "```sh\n{}\n```")
PIECES = [
    "a",
    "b c",
    "word",
    "**",
    "*",
    "_",
    "~~",
    "`",
    "[",
    "]",
    "](http://x.y)",
    "![",
    "<u>",
    "<br>",
    "&amp;",
    "\\",
    "\n",
    "\n\n",
    "\n- ",
    "\n1. ",
    "\n# ",
    "\n> ",
    "\n> [!NOTE]\n> ",
    "\n```\n",
    "\n---\n",
    "- [ ] ",
    "- [x] ",
    "@[Jo](user:1:2)",
    "![p](attachment:a%20b.png)",
    "![q](attachment:c.png)",
    "https://a.b/c_(d)",
    "  \n",
    "    ",
    "é",
    "漢",
    "😀",
    "1.",
    "#",
    "!",
    "'",
    '"',
]
TABLE = "\n| a | b |\n| --- | --- |\n| c | d |\n"
NASTY = st.lists(st.sampled_from([*PIECES, TABLE]), max_size=25).map("".join)


@dataclass(frozen=True)
class Written:
    """A text as people build it: blocks of words, each block and each word in some look."""

    blocks: tuple[tuple[str, tuple[str, ...]], ...]  # a block's form, its words

    def text(self) -> str:
        return "\n\n".join(form.format(" ".join(words)) for form, words in self.blocks)

    def without_block(self, n: int) -> Written:
        return replace(self, blocks=(*self.blocks[:n], *self.blocks[n + 1 :]))

    def without_word(self, n: int, word: int) -> Written:
        form, words = self.blocks[n]
        left = (*words[:word], *words[word + 1 :])
        return replace(self, blocks=(*self.blocks[:n], (form, left), *self.blocks[n + 1 :]))

    def ticked_otherwise(self, n: int) -> Written:
        form, words = self.blocks[n]
        other = {"- [x] {}": "- [ ] {}", "- [ ] {}": "- [x] {}"}[form]
        return replace(self, blocks=(*self.blocks[:n], (other, words), *self.blocks[n + 1 :]))


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and the same after somebody took something away, or ticked or unticked a box."""
    blocks = []
    for _ in range(draw(st.integers(1, 5))):
        form = draw(st.sampled_from(BLOCKS))
        looks = st.sampled_from(LOOKS if "```" not in form else LOOKS[:1])
        blocks.append((form, tuple(draw(looks).format(word) for word in draw(WORDS))))
    whole = Written(tuple(blocks))
    n = draw(st.integers(0, len(blocks) - 1))
    boxes = [place for place, (form, _) in enumerate(blocks) if "[" in form]
    ways = ["block", "word", *(["box"] if boxes else [])]
    match draw(st.sampled_from(ways)):
        case "box":
            return whole.text(), whole.ticked_otherwise(draw(st.sampled_from(boxes))).text()
        case "word" if len(blocks[n][1]) > 1:
            word = draw(st.integers(0, len(blocks[n][1]) - 1))
            return whole.text(), whole.without_word(n, word).text()
        case _:
            return whole.text(), whole.without_block(n).text()


@pytest.mark.parametrize("form", FORMS)
@law
@given(md=NASTY | edited().map(lambda both: both[0]))
def test_what_a_form_makes_of_a_text_is_no_edit(form: str, md: str) -> None:
    assert says(md, FORMS[form](md), rich=True)


@pytest.mark.parametrize("form", FORMS)
@law
@given(both=edited())
def test_what_people_take_away_or_untick_is_an_edit_in_every_form(
    form: str, both: tuple[str, str]
) -> None:
    sent, left = both
    assert not says(sent, FORMS[form](left), rich=True)


@law
@given(md=edited().map(lambda both: both[0]), limit=st.integers(300, 900))
def test_a_text_that_a_system_cut_is_no_edit(md: str, limit: int) -> None:
    long = f"{md}\n\n{md}\n\n{md}"
    assert says(long, through_adf(cut(long, limit)[0]), rich=True)


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("it is hot \u2600\ufe0f", "it is hot ?"),
        ("it is hot \u2600, no \U0001f600", "it is hot , no"),
        ("na\u00efve \u6f22\u5b57", "na?ve ??"),
        ("so it \u2018goes\u2019 \u2013 on\u2026", "so it 'goes' - on..."),
        ("a  line\nand another", "a line and another"),
        ("this is far too long for it", "this is far too\u2026"),
    ],
)
@pytest.mark.parametrize("rich", [True, False])
def test_what_a_field_cannot_hold_is_no_edit(sent: str, got: str, rich: bool) -> None:
    assert says(sent, got, rich=rich)


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        ("restart it, now!", "restart it, now"),
        ("restart it? no!", "restart it"),
        ("call \u6f22\u5b57 first", "call first"),
        ("one two two", "one two"),
        ("not ready", "ready"),
        ("one two", "two one"),
        ("this is long", "this is"),
    ],
)
@pytest.mark.parametrize("rich", [True, False])
def test_taken_words_and_signs_are_an_edit(sent: str, got: str, rich: bool) -> None:
    assert not says(sent, got, rich=rich)
