"""Descriptions of systems: what is wrong is named by place, and places and words mean one thing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tieline.connectors.rest.places import at, fill, put
from tieline_ops.link_file.catalogue import catalogues
from tieline_ops.link_file.compiling import compile_link

ROUNDUP = Path(__file__).resolve().parents[3] / "infra" / "tieline_ops" / "roundup.yaml"
LINK = """\
title: From the old tracker
sides:
  old: {system: rest, url: "https://tracker.acme.example", scope: {description: old.yaml}}
  it:  {system: servicenow, url: "https://acme.service-now.com", scope: {table: incident}}
create:
  - {from: old, when: {keyword: {has: tieline}}}
fields:
  - {old: title, it: short_description}
  - {old: description, it: description}
"""


def compiled(description: str | None, link: str = LINK) -> list[str]:
    """The faults of a link whose folder holds `old.yaml`."""
    known = {"old.yaml": description}
    _, faults = compile_link(link, "old-it", catalogues(), "functions/old-it/link.yaml", known.get)
    return [str(fault) for fault in faults]


def test_roundup_is_described_whole_and_its_fields_are_known() -> None:
    link, faults = compile_link(
        LINK, "old-it", catalogues(), "link.yaml", {"old.yaml": ROUNDUP.read_text("utf-8")}.get
    )
    assert faults == ()
    assert link is not None
    assert link.sides["old"].scope["description"].startswith("{")
    assert link.fields[1].names == {"old": "details", "it": "description"}


def test_a_file_that_is_not_there_is_named() -> None:
    (fault,) = compiled(None)
    assert fault.startswith("functions/old-it/link.yaml:3:")
    assert "there is no file 'old.yaml' beside link.yaml" in fault


@pytest.mark.parametrize("name", ["../old.yaml", "/etc/passwd", "a/old.yaml"])
def test_only_files_beside_link_yaml_are_read(name: str) -> None:
    link = LINK.replace("old.yaml", name)
    asked: list[str] = []

    def beside(name: str) -> str | None:
        asked.append(name)
        return None

    _, faults = compile_link(link, "old-it", catalogues(), "link.yaml", beside)
    assert asked == []
    assert "there is no file" in str(faults[0])


def test_a_field_that_the_description_does_not_have_is_named_with_what_is_close() -> None:
    link = LINK.replace("{old: title,", "{old: titel,")
    (fault,) = compiled(ROUNDUP.read_text("utf-8"), link)
    assert "functions/old-it/link.yaml:8:" in fault
    assert "did you mean 'title'?" in fault


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        (
            "call: GET /rest/data/issue/{id}\n",
            "call: FETCH /rest/data/issue/{id}\n",
            "call",
            "is no call",
        ),
        (
            '{id: "{id}", "@fields": title}',
            '{id: "{di}", "@fields": title}',
            "",
            "knows no {di}",
        ),
        ("kind: date, as: due", "kind: dait, as: due", "due", "'dait' is not known"),
        (
            "kind: text, as: title, empty: text",
            "kind: text, empty: text",
            "",
            "no field is the `title`",
        ),
        ("  updated: attributes.activity\n", "", "ticket", "'updated' is missing"),
        ("correlation:\n  at:", "corelation:\n  at:", "", "corelation"),
        ('activity: "from {since}"', "activity: now", "", "no query says {since}"),
        ('size: "100"', 'size: "0"', "size", "too small"),
    ],
)
def test_a_wrong_description_is_answered_with_its_file_and_place(
    old: str, new: str, line: str, said: str
) -> None:
    text = ROUNDUP.read_text("utf-8")
    assert old in text
    faults = compiled(text.replace(old, new, 1))
    told = [f for f in faults if said in f]
    assert told, faults
    assert told[0].startswith("functions/old-it/old.yaml:")
    assert line in told[0]
    assert "pydantic" not in " ".join(faults)


NAMES = st.text("abcxyz.@", min_size=1, max_size=6).filter(lambda n: not n.startswith("."))


@given(
    st.lists(st.text("abc", min_size=1, max_size=3), min_size=1, max_size=4, unique=True),
    st.integers(),
)
def test_what_is_put_at_a_place_stands_there(steps: list[str], value: int) -> None:
    tree: dict[str, object] = {}
    put(tree, ".".join(steps), value)
    assert at(tree, ".".join(steps)) == value


@given(NAMES, st.integers())
def test_a_name_with_dots_is_found_as_it_is(name: str, value: int) -> None:
    assert at({name: value}, name) == value


@given(st.text(), st.text())
def test_what_is_put_in_is_not_looked_at_again(one: str, other: str) -> None:
    words = {"one": "{two}" + one, "two": other}
    assert fill("{one}", words) == "{two}" + one


def test_every_element_is_a_star() -> None:
    assert at({"a": [{"id": 1}, {"id": 2}, {}]}, "a.*.id") == [1, 2, None]
    assert at({"a": {}}, "a.*.id") == []
    assert at({"a": [1, 2]}, "a.5") is None
