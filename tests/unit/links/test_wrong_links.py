"""Wrong link files: each says, in `# expect:` lines at its end, what is to be answered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.systems import SYSTEMS

from tieline_ops.link_file.compiling import compile_link

WRONG = sorted(Path(__file__).parent.glob("wrong/*.yaml"))
LINE = re.compile(r"link\.yaml:(\d+):(\d+): \S.*; \S.*")


def answers(path: Path) -> list[str]:
    link, faults = compile_link(path.read_text("utf-8"), "wrong", SYSTEMS)
    assert link is None
    return [str(fault) for fault in faults]


def test_there_is_a_table_of_wrong_links() -> None:
    assert len(WRONG) >= 10


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_link_is_answered_with_all_its_faults_at_once(path: Path) -> None:
    expected = re.findall(r"^# expect: (.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert answers(path) == expected


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_every_answer_has_file_line_column_and_a_remedy(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    for answer in answers(path):
        found = LINE.fullmatch(answer)
        assert found, answer
        assert 1 <= int(found[1]) <= len(lines)
        assert 1 <= int(found[2]) <= len(lines[int(found[1]) - 1]) + 1


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_no_answer_speaks_of_our_tools(path: Path) -> None:
    for answer in answers(path):
        assert not re.search(
            r"pydantic|Input should|NoneType|dict\b|Traceback|Extra inputs", answer
        )


GOOD = (Path(__file__).parents[3] / "functions" / "jira-servicenow" / "link.yaml").read_text(
    "utf-8"
)


@settings(max_examples=150, deadline=None)
@given(
    cuts=st.lists(
        st.tuples(
            st.integers(0, len(GOOD) - 1),
            st.integers(0, 12),
            st.text("{}[]:,\"'&*!#-\n \t%@|>~?0a", max_size=3),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_whatever_is_in_the_file_the_answer_is_a_link_or_faults(
    cuts: list[tuple[int, int, str]],
) -> None:
    text = GOOD
    for at, length, new in cuts:
        text = text[:at] + new + text[at + length :]
    link, faults = compile_link(text, "l", SYSTEMS)
    assert (link is None) == bool(faults)
    assert all(LINE.fullmatch(str(fault)) for fault in faults)
