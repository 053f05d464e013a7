from __future__ import annotations

from pathlib import Path

import pytest
from support.systems import SYSTEMS

from tieline.domain import link_json
from tieline.domain.link import Link
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.link_file.yaml_text import read_yaml
from tieline_ops.link_folder import COMPILED, SOURCE, compile_all, load
from tieline_ops.mesh import notes

HEAD = """
sides:
  eng: {system: jira, url: "https://a.example/", scope: {project: OPS}}
  it: {system: servicenow, url: "https://b.example", scope: {table: incident}}
"""


def compiled(body: str, name: str = "l", head: str = HEAD) -> Link:
    link, faults = compile_link(head + body, name, SYSTEMS)
    assert link is not None, [str(fault) for fault in faults]
    return link


def test_words_stay_as_they_are_written() -> None:
    content, faults = read_yaml("{a: no, b: on, c: 1.10, d: 2026-11-30, e: , f: 0x10}", "f.yaml")
    assert not faults.found
    assert content == {"a": "no", "b": "on", "c": "1.10", "d": "2026-11-30", "e": "", "f": "0x10"}


def test_canonical_names_become_native_ones() -> None:
    link = compiled(
        "fields: [{eng: title, it: title}, {it: close_notes, template: 'See {title} {key}'}]"
    )
    assert link.fields[0].names == {"eng": "summary", "it": "short_description"}
    assert link.fields[1].template == "See {summary} {key}"


def test_a_name_that_no_standard_field_is_close_to_is_a_custom_field() -> None:
    link = compiled("fields: [{eng: Story Points, it: u_points}]")
    assert link.fields[0].names == {"eng": "Story Points", "it": "u_points"}


def test_a_side_is_asked_for_every_field_that_is_read_or_written() -> None:
    link = compiled("""
create: [{from: it, when: {category: software}}]
defaults: {eng: {labels: "from {u_site}"}}
fields:
  - {it: correlation_display, template: "{Team} {url}"}
  - {eng: status, it: state, values: {Done: Resolved}, with: {it: {Resolved: {close_notes: "{duedate}"}}}}
""")  # noqa: E501
    assert link.field_names("eng") == {"labels", "Team", "status", "duedate"}
    assert link.field_names("it") == {
        "category", "u_site", "correlation_display", "state", "close_notes",
    }  # fmt: skip


def test_conditions_have_a_short_and_a_long_form() -> None:
    link = compiled("""
create:
  - {from: eng, when: {labels: {has: [a, b], not: c}, priority: High, status: [To Do, Done]}}
  - {from: it, when: {due_date: {after: 2026-01-01, empty: false}, description: {matches: "^x"}}}
fields: [{eng: summary, it: short_description}]
""")
    eng, it = link.create
    assert eng.when["labels"].has == ("a", "b")
    assert eng.when["labels"].none_of == ("c",)
    assert eng.when["priority"].any_of == ("High",)
    assert eng.when["status"].any_of == ("To Do", "Done")
    assert (it.when["due_date"].after, it.when["due_date"].empty) == ("2026-01-01", False)
    assert it.when["description"].matches == "^x"


def test_what_is_not_said_has_a_safe_default() -> None:
    link = compiled("fields: [{eng: summary, it: short_description}]")
    assert link.comments is None
    assert link.attachments is None
    assert (link.initial, link.conflicts, link.on_delete) == ("fill empty", "newest", "keep")
    assert (link.brake.writes_per_hour, link.brake.deletes_per_hour) == (500, 5)
    assert link.sides["eng"].url == "https://a.example"
    assert not link.chain


def test_internal_comments_stay_unless_the_file_says_otherwise() -> None:
    fields = "fields: [{eng: summary, it: short_description}]\n"
    closed = compiled(fields + "comments: {flow: it -> eng}").comments
    opened = compiled(fields + "comments: {flow: eng <-> it, internal: it -> eng}").comments
    assert closed is not None
    assert opened is not None
    assert (closed.targets, closed.internal) == (("eng",), ())
    assert (opened.targets, opened.internal) == (("eng", "it"), ("eng",))


def test_json_gives_the_same_link() -> None:
    folder = Path(__file__).parents[3] / "functions" / "jira-servicenow"
    loaded = load(folder, SYSTEMS)
    assert loaded.link is not None, [str(fault) for fault in loaded.faults]
    assert link_json.load(link_json.dump(loaded.link)) == loaded.link


def test_json_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="build again"):
        link_json.load('{"tieline": 0}')


def test_a_broken_link_leaves_no_compiled_file_behind(tmp_path: Path) -> None:
    for name, body in (
        ("good", "fields: [{eng: summary, it: short_description}]"),
        ("bad", "x: 1"),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / SOURCE).write_text(HEAD + body, "utf-8")
        (tmp_path / name / COMPILED).write_text("old", "utf-8")
    bad, good = compile_all(tmp_path, SYSTEMS)
    assert bad.link is None
    assert good.link is not None
    assert not (tmp_path / "bad" / COMPILED).exists()
    assert link_json.load((tmp_path / "good" / COMPILED).read_text("utf-8")) == good.link
    assert str(bad.faults[0]).startswith(f"{tmp_path.name}/bad/link.yaml:")


def link_between(name: str, one: str, two: str, more: str = "") -> Link:
    head = f"""
sides:
  a: {{system: jira, url: "https://x.example", scope: {{project: {one}}}}}
  b: {{system: jira, url: "https://x.example", scope: {{project: {two}}}}}
fields: [{{a: summary, b: summary}}]
"""
    return compiled(more, name, head)


def test_a_ring_is_named_with_its_links() -> None:
    ring = [
        link_between("l1", "A", "B"),
        link_between("l2", "B", "C"),
        link_between("l3", "C", "A"),
    ]
    assert any("ring: l3 - " in note.what for note in notes(ring))
    assert not any("ring" in note.what for note in notes(ring[:2]))


def test_a_ring_that_chains_is_grave() -> None:
    ring = [link_between("l1", "A", "B", "chain: true"), link_between("l2", "B", "A")]
    assert any(note.grave and "chain" in note.remedy for note in notes(ring))


def test_two_links_that_write_one_field_are_named() -> None:
    pair = [link_between("l1", "A", "B"), link_between("l2", "B", "C")]
    assert "l1 and l2 both write summary of the same tickets" in [n.what for n in notes(pair)]
    assert notes([link_between("l1", "A", "B"), link_between("l2", "C", "D")]) == ()


def test_a_link_from_a_place_to_itself_is_grave() -> None:
    assert any(note.grave for note in notes([link_between("l", "A", "a")]))


def test_an_internal_comment_that_would_go_further_is_named() -> None:
    one = link_between("l1", "A", "B", "comments: {internal: a -> b}")
    two = link_between("l2", "B", "C", "comments: {flow: a -> b}")
    assert any("l1 brings internal comments" in note.what for note in notes([one, two]))
