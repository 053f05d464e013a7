"""A link's page says everything that its link.yaml says, in words, and nothing of it is markup."""

from __future__ import annotations

import re
import string
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.world import ROOT, real_link

from tieline.domain.link import Birth, CommentsRule, FieldRule, Link
from tieline.domain.link import Test as Condition
from tieline.domain.richtext.html import markdown_to_html
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_folder import load_all
from tieline_ops.link_page.index import index_page
from tieline_ops.link_page.markdown import code, plain, table
from tieline_ops.link_page.page import link_page

SYSTEMS = catalogues()
LINKS = [one.link for one in load_all(ROOT / "functions", SYSTEMS) if one.link is not None]


def page(link: Link) -> str:
    return link_page(link, SYSTEMS)


@pytest.mark.parametrize("link", LINKS, ids=lambda link: link.name)
def test_every_field_value_condition_and_default_of_every_link_is_on_its_page(link: Link) -> None:
    text = page(link)
    for rule in link.fields:
        assert all(code(name) in text for name in rule.names.values())
        assert all(f"| {code(left)} |" in text for left, _ in rule.values)
        assert all(code(word) in text for word in rule.otherwise.values() if word)
    for birth in link.create:
        assert all(code(name) in text for name in birth.when)
    for texts in link.defaults.values():
        assert all(code(name) in text and code(value) in text for name, value in texts.items())
    assert all(code(side.url) in text for side in link.sides.values())
    widths = [line.count("|") for line in text.splitlines() if line.startswith("| ")]
    assert set(widths) <= {4, 5}


def test_the_way_back_from_a_value_that_several_mean_is_the_first() -> None:
    text = page(real_link())
    assert "| `Highest` | ↔ | `1` |" in text
    assert "| `High` | → | `1` |" in text


def test_a_one_way_rule_points_one_way() -> None:
    text = page(real_link())
    assert "| `duedate` | ← | `due_date` |" in text
    assert "|  | → | `correlation_display` | the text `{key} in Jira` |" in text


def test_what_does_not_cross_is_said_too() -> None:
    link = real_link()
    closed = replace(
        link,
        comments=None,
        attachments=None,
        create=(Birth("it", {}), Birth("it", {"priority": Condition(empty=True)})),
        mode="plan",
        on_leave="unlink",
        on_delete="close",
        initial="fill empty",
        conflicts="hold",
    )
    text = page(closed)
    for said in (
        "Comments do not cross.",
        "Files do not cross.",
        "never brings one to life",
        "in any case.",
        "also gets one in **eng** if `priority` is empty.",
        "writes nothing",
        "they part",
        "the other is closed",
        "only what is empty",
        "neither is written",
    ):
        assert said in text
    internal = replace(link, comments=CommentsRule(("it",), "{body}", ("it",)))
    assert "Internal ones cross (eng -> it), as internal ones." in page(internal)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_whatever_a_link_says_is_text_on_the_page(said: str) -> None:
    hostile = f"{said}|`</td><img src=x>[a](javascript:b)\\"
    rule = FieldRule({"eng": hostile, "it": "b"}, ("it",), "", values=((hostile, "x"),))
    link = replace(real_link(), title=hostile, fields=(rule,))
    text = page(link)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {len(_cells(row)) for row in rows} <= {3, 4}
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
    assert not re.search(r"(?<!\\)<[a-z/]", outside.replace("<br/>", ""))


def _cells(row: str) -> list[str]:
    """Cells as GitHub splits them: a backslash takes the next character with it."""
    return re.findall(r"(?:\\.|[^|\\])+", row.strip().strip("|"))


@given(st.text(st.sampled_from(string.ascii_letters[:4] + string.punctuation + " 1"), max_size=30))
def test_a_text_is_read_back_as_itself(said: str) -> None:
    line = " ".join(f"x {said} y".split())
    read = markdown_to_html(f"x {plain(said)} y")
    assert re.findall(r"</?[a-z]+", read) == ["<p", "</p"]
    assert " ".join(unescape(read[3:-4]).split()) == line


def test_a_table_has_as_many_cells_as_heads_whatever_is_in_them() -> None:
    lines = table(["a", "b"], [[code("x|y"), code("\\|")]])
    assert [len(_cells(line)) for line in lines] == [2, 2, 2]


def test_the_index_leads_to_every_page(tieline, checkout: Path) -> None:
    said = tieline("docs", "--out", "pages")
    names = {folder.name for folder in (checkout / "functions").iterdir()}
    assert said.out == f"{len(names) + 1} pages are in pages\n"
    index = (checkout / "pages/index.md").read_text("utf-8")
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", index)) == {f"{name}.md" for name in names}
    assert all((checkout / "pages" / f"{name}.md").exists() for name in names)
    assert "```mermaid\ngraph LR\n" in index
    assert index_page(LINKS, SYSTEMS) == index


def test_one_link_is_printed_and_a_broken_one_is_named(tieline, checkout: Path) -> None:
    said = tieline("docs", "msp-acme")
    assert said.out.startswith("# Acme's Jira comes to our service desk\n")
    (checkout / "functions/msp-acme/link.yaml").write_text("title: x\n")
    said = tieline("docs", "msp-acme")
    assert said.status == 1
    assert "tieline check msp-acme" in said.err
