"""Documents: the sandbox's own check against Atlassian's schema, and what people type."""

from __future__ import annotations

from typing import Any

import pytest
from contract.sandbox.conftest import doc
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from tieline_ops.sandbox.jira.adf import _schema, as_kept, as_wiki, is_valid, media_ids
from tieline_ops.sandbox.jira.editor import typed


def wrapped(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "doc", "version": 1, "content": list(blocks)}


def text(words: str, *marks: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "marks": [{"type": mark} for mark in marks]}


PARAGRAPH = {"type": "paragraph", "content": [{"type": "text", "text": "x"}]}
ITEM = {"type": "listItem", "content": [PARAGRAPH]}
CELL = {"type": "tableCell", "content": [PARAGRAPH]}
TABLE = {"type": "table", "content": [{"type": "tableRow", "content": [CELL]}]}
MEDIA = {"type": "media", "attrs": {"type": "file", "id": "u", "collection": ""}}


@pytest.mark.parametrize(
    ("document", "valid"),
    [
        (wrapped(), True),
        (wrapped({"type": "paragraph"}), True),
        (wrapped({"type": "codeBlock"}), True),
        (wrapped({"type": "orderedList", "attrs": {"order": 0}, "content": [ITEM]}), True),
        (wrapped(TABLE), True),
        (wrapped({"type": "mediaSingle", "content": [MEDIA]}), True),
        ({"type": "doc", "content": []}, False),
        (wrapped({"type": "paragraph", "content": [text("")]}), False),
        (wrapped({"type": "paragraph", "content": [text("x", "code", "strong")]}), False),
        (wrapped({"type": "heading", "attrs": {"level": 7}}), False),
        (wrapped({"type": "bulletList", "content": []}), False),
        (wrapped({"type": "bulletList", "content": [{**ITEM, "content": [TABLE]}]}), False),
        (wrapped({"type": "blockquote", "content": [{"type": "rule"}]}), False),
        (wrapped({"type": "sparkle"}), False),
        (wrapped({"type": "text", "text": "bare"}), False),
        ("words", False),
    ],
)
def test_the_schema_decides_as_a_whole_validator_does(document: Any, valid: bool) -> None:
    assert is_valid(document) is valid
    assert Draft4Validator(_schema()).is_valid(document) is valid


NAMES = ("paragraph", "heading", "bulletList", "listItem", "text", "codeBlock", "rule", "taskItem")
MARKS = st.lists(st.sampled_from(["strong", "code", "em", "link"]), max_size=2)
LEAF = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "hardBreak", "rule"])},
    optional={
        "text": st.sampled_from(["", "x"]),
        "marks": MARKS.map(lambda names: [{"type": name} for name in names]),
    },
)
NODE = st.recursive(
    LEAF,
    lambda inner: st.fixed_dictionaries(
        {"type": st.sampled_from(NAMES)},
        optional={
            # Two at most: from the third on the sandbox is stricter than the schema's letter.
            "content": st.lists(inner, max_size=2),
            "attrs": st.sampled_from([{}, {"level": 2}, {"localId": "1"}, {"order": 1}]),
        },
    ),
    max_leaves=4,
)


@settings(deadline=None, max_examples=25)  # the whole validator is slow
@given(st.lists(NODE, max_size=2))
def test_any_document_is_judged_as_a_whole_validator_does(blocks: list[Any]) -> None:
    document = wrapped(*blocks)
    assert is_valid(document) == Draft4Validator(_schema()).is_valid(document)


def test_a_lists_further_blocks_are_held_to_its_rule() -> None:
    item = {"type": "listItem", "content": [PARAGRAPH, PARAGRAPH, TABLE]}
    assert not is_valid(wrapped({"type": "bulletList", "content": [item]}))


def test_jira_gives_ids_of_its_own_and_leaves_texts_alone() -> None:
    ids = iter("abc")
    kept = as_kept(wrapped(PARAGRAPH, TABLE), lambda: next(ids))
    assert kept == wrapped(PARAGRAPH, {**TABLE, "attrs": {"localId": "a"}})
    assert as_kept(kept, lambda: next(ids)) == kept
    assert as_kept(wrapped(), lambda: next(ids)) is None
    assert media_ids(wrapped({"type": "mediaSingle", "content": [MEDIA]})) == {"u"}


@pytest.mark.parametrize(
    ("markdown", "wiki"),
    [
        ("a\nb\n\nc", "a b\n\nc"),
        ("# T\n\n> q", "h1. T\n\nq"),
        ("1. a\n   - b\n2. c", "# a\n#* b\n# c"),
        ("~~x~~ [y](https://z.example)", "-x- [y|https://z.example]"),
        ("```py\nx = 1\n```\n\n---", "{code}x = 1{code}\n\n----"),
        ("a  \nb <b>", "a\nb <b>"),
    ],
)
def test_what_people_type_becomes_a_document(markdown: str, wiki: str) -> None:
    document = typed(markdown)
    assert is_valid(document)
    assert as_wiki(document) == wiki


@settings(deadline=None)
@given(st.text("ab *_`~[]()<>#->\n1.!\\", max_size=40))
def test_whatever_people_type_is_a_document(markdown: str) -> None:
    document = typed(markdown)
    assert document is None or is_valid(document)


def test_no_text_is_no_document() -> None:
    assert typed("  \n") is None
    assert typed(doc("x")) == doc("x")
