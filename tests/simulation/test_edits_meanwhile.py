"""A person edits between any two calls of a birth or an update; both sides agree afterwards.

The narrowest place is between a write and the read that follows it: what comes back is then the
person's value, not what was written.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

import pytest
from simulation.steps import acting_at
from support.world import World, world

from tieline.domain.richtext.adf import adf_to_markdown, markdown_to_adf
from tieline.domain.richtext.plain import plain_to_markdown
from tieline.domain.richtext.said import says

JANE, OMAR = "jane@acme.example", "omar@acme.example"
Edit = Callable[[World, str, int], None]
Start = Callable[[World, str], None]


def born_in_it(w: World, text: str) -> None:
    w.incident(text)


def born_in_eng(w: World, text: str) -> None:
    w.jira.create_issue(OMAR, summary=text, labels=["servicenow"])


def twin_with_news_in_it(w: World, text: str) -> None:
    born_in_it(w, text)
    w.settle(ticks=0)
    w.snow.edit(JANE, w.snow.numbers()[-1], short_description=f"{text}, news")


def twin_with_news_in_eng(w: World, text: str) -> None:
    born_in_it(w, text)
    w.settle(ticks=0)
    w.jira.edit(OMAR, w.jira.issue_keys()[-1], summary=f"{text}, news")


def edit_in_it(w: World, text: str, had: int) -> None:
    if len(w.snow.numbers()) > had:
        w.snow.edit(JANE, w.snow.numbers()[-1], short_description=text)


def edit_in_eng(w: World, text: str, had: int) -> None:
    if len(w.jira.issue_keys()) > had:
        w.jira.edit(OMAR, w.jira.issue_keys()[-1], summary=text)


@pytest.mark.parametrize("edit", [edit_in_it, edit_in_eng])
@pytest.mark.parametrize(
    "start", [born_in_it, born_in_eng, twin_with_news_in_it, twin_with_news_in_eng]
)
def test_an_edit_at_any_moment_crosses(start: Start, edit: Edit) -> None:
    wrong: list[str] = []
    with world() as w:
        for point in count():
            issues, incidents = len(w.jira.issue_keys()), len(w.snow.numbers())
            had = incidents if edit is edit_in_it else issues
            start(w, f"case {point}")
            with acting_at(w, point, lambda: edit(w, f"edit {point}", had)) as passed:  # noqa: B023
                w.flow()
            w.settle(ticks=1)
            assert len(w.jira.issue_keys()) == issues + 1
            assert len(w.snow.numbers()) == incidents + 1
            ours = w.jira.issue(w.jira.issue_keys()[-1])["summary"]
            theirs = w.snow.raw(w.snow.numbers()[-1])["short_description"]
            if len(passed) <= point:
                break
            if ours != theirs:
                wrong.append(f"{passed[point]}: {ours!r} and {theirs!r}")
    assert wrong == []
    assert point > 3


STEPS = "- [x] rollback {0}\n- [x] restart {0}\n\nverify {0} it, and tell them"


def listed(w: World, text: str) -> None:
    w.incident(text, description=STEPS.format(text))


def listed_in_eng(w: World, text: str) -> None:
    document = markdown_to_adf(STEPS.format(text))
    w.jira.create_issue(OMAR, summary=text, labels=["servicenow"], description=document)


def with_news_listed(w: World, text: str) -> None:
    listed(w, text)
    w.settle(ticks=0)
    w.snow.edit(JANE, w.snow.numbers()[-1], description=STEPS.format(f"news of {text}"))


def described(w: World) -> tuple[str, str]:
    """The descriptions of the newest issue and incident, as Markdown."""
    issue = w.jira.issue(w.jira.issue_keys()[-1])
    incident = w.snow.raw(w.snow.numbers()[-1])
    return adf_to_markdown(issue["description"])[0], plain_to_markdown(incident["description"])


def untick(text: str) -> str:
    return text.replace("[x]", "[ ]", 1)


def take_words(text: str) -> str:
    return text.replace(" it, and tell them", "")


def take_an_item(text: str) -> str:
    return re.sub(r"- \[x\] restart.*\n", "", text)


@pytest.mark.parametrize("act", [untick, take_words, take_an_item])
@pytest.mark.parametrize("start", [listed, listed_in_eng, with_news_listed])
@pytest.mark.parametrize("side", ["eng", "it"])
def test_what_people_take_away_or_untick_at_any_moment_crosses(
    start: Start, act: Callable[[str], str], side: str
) -> None:
    wrong: list[str] = []
    with world() as w:
        for point in count():
            had = len(w.jira.issue_keys()), len(w.snow.numbers())
            start(w, f"case {point}")
            made: list[str] = []

            def edit() -> None:
                new = (len(w.jira.issue_keys()) > had[0], len(w.snow.numbers()) > had[1])  # noqa: B023
                if not new[side == "it"]:
                    return
                number, key = w.snow.numbers()[-1], w.jira.issue_keys()[-1]
                if side == "eng":
                    made.append(act(adf_to_markdown(w.jira.issue(key)["description"])[0]))  # noqa: B023
                    w.jira.edit(OMAR, key, description=markdown_to_adf(made[0]))  # noqa: B023
                else:
                    made.append(act(w.snow.raw(number)["description"]))  # noqa: B023
                    w.snow.edit(JANE, number, description=made[0])  # noqa: B023

            with acting_at(w, point, edit) as passed:
                w.flow()
            w.settle(ticks=1)
            if len(passed) <= point:
                break
            ours, theirs = described(w)
            # News across meet the edit: then either is given up.
            alone = made if start is not with_news_listed else []
            if not all(says(text, theirs, rich=True) for text in (ours, *alone)):
                wrong.append(f"{passed[point]}: {ours!r} and {theirs!r}")
    assert wrong == []
    assert point > 3
