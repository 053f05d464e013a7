"""A hostile link.yaml is answered with what is wrong; it runs nothing and ends soon."""

import time
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from support.systems import SYSTEMS

from tieline.domain.link import Test as Condition
from tieline.domain.template import fill
from tieline.domain.ticket import Ticket
from tieline.domain.when import BadPattern, holds, searcher
from tieline_ops.cli import VERBS, cli
from tieline_ops.link_file.compiling import compile_link
from tieline_ops.link_file.yaml_text import read_yaml
from tieline_ops.link_folder import load

GOOD = """\
sides:
  eng: {system: jira, url: "https://a.example", scope: {project: OPS, issue_type: Bug}}
  it: {system: servicenow, url: "https://b.example", scope: {table: incident}}
fields:
  - {eng: summary, it: short_description}
"""


def faults(text):
    started = time.process_time()
    link, found = compile_link(text, "hostile", SYSTEMS)
    assert time.process_time() - started < 20
    assert link is None
    assert found
    return [str(fault) for fault in found]


def test_the_file_that_the_others_are_made_from_is_good():
    assert compile_link(GOOD, "good", SYSTEMS)[0] is not None


@pytest.mark.threat("link-file-code")
@pytest.mark.parametrize(
    "text",
    [
        "title: !!python/object/apply:os.system ['touch pwned']",
        "title: !!python/object/new:os.system [touch pwned]",
        "title: !!python/name:os.system",
        "? !!python/object/apply:os.system ['touch pwned']\n: x",
        "title: !!binary aGk=",
        "title: !<tag:yaml.org,2002:python/object/apply:os.system> ['touch pwned']",
        "%TAG ! tag:yaml.org,2002:python/\n---\ntitle: !object/apply:os.system ['touch pwned']",
    ],
)
def test_a_tag_makes_no_object(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert any("a tag (`!name`) is not read" in fault for fault in faults(GOOD + text)) or any(
        "cannot be read as YAML" in fault or "second document" in fault
        for fault in faults(GOOD + text)
    )
    assert any("a tag (`!name`) is not read" in fault for fault in faults(text))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.threat("link-file-bomb")
def test_aliases_that_multiply_are_refused_before_they_do():
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    started = time.process_time()
    found = faults("\n".join(lines))
    assert time.process_time() - started < 2
    assert any("an alias" in fault for fault in found)
    assert any("an anchor" in fault for fault in found)


@pytest.mark.threat("link-file-bomb")
def test_an_alias_to_itself_is_refused():
    assert any("an alias" in fault for fault in faults("a: &a [*a]"))


@pytest.mark.threat("link-file-code")
def test_a_merge_key_merges_nothing():
    assert any("an alias" in fault for fault in faults("x: &x {title: a}\n<<: *x\n" + GOOD))
    assert any("'<<'" in fault or "<<" in fault for fault in faults("<<: {title: a}\n" + GOOD))


@pytest.mark.threat("link-file-bomb")
@pytest.mark.parametrize("seed", ["[", "{", "- ", "? ", "[a, ", "{a: b, ", "a: {b: ", "- - "])
def test_deep_nesting_ends_at_its_level(seed):
    text = (seed * 100_000)[:199_999]
    assert len(faults(text)) <= 3


@pytest.mark.threat("link-file-bomb")
@pytest.mark.parametrize(
    "seed", ["a:\n", "k%d: v\n", "'", '"', "#", "\n", "--- ", "|\n", "\t", "%"]
)
def test_as_much_as_is_read_is_read_in_bounded_time(seed):
    text = "".join(seed % n for n in range(9_000)) if "%d" in seed else seed * 20_000
    faults(text)


@pytest.mark.threat("link-file-bomb")
def test_a_huge_file_is_not_read_to_its_end(tmp_path):
    folder = tmp_path / "functions" / "huge"
    folder.mkdir(parents=True)
    with (folder / "link.yaml").open("wb") as file:
        file.write(b"title: x\n")
        file.truncate(4_000_000_000)
    started = time.process_time()
    loaded = load(folder)
    assert time.process_time() - started < 2
    assert loaded.link is None
    assert "is too long" in str(loaded.faults[0])


@pytest.mark.threat("link-file-code")
def test_a_key_that_stands_twice_is_refused_at_every_level():
    assert any("stands twice" in fault for fault in faults(GOOD + "fields: []\n"))
    assert any(
        "stands twice" in fault
        for fault in faults(GOOD.replace("{project: OPS,", "{project: OPS, project: HR,"))
    )


@pytest.mark.threat("link-file-code")
@pytest.mark.parametrize("char", ["\0", "\x07", "\x1b", "\x7f", "\x9b", "\ufffe", "\ud800"])
def test_characters_that_nobody_types_are_refused(char):
    assert any("cannot be read as YAML" in f for f in faults(f'title: "a{char}b"\n{GOOD}'))


@pytest.mark.threat("link-file-code")
@pytest.mark.parametrize(
    "text", [b"\xff\xfe\x00", b"title: \xe9", b"\xf0\x28\x8c\x28"], ids=["utf-16", "latin", "cut"]
)
def test_another_encoding_is_refused(text, tmp_path):
    folder = tmp_path / "functions" / "odd"
    folder.mkdir(parents=True)
    (folder / "link.yaml").write_bytes(text)
    assert "no UTF-8" in str(load(folder).faults[0])


CATASTROPHIC = [
    "(a+)+$",
    "((a+))+$",
    "(a|a)*b",
    "(a|aa)+b",
    "(a*)*b",
    "a*a*a*a*a*b",
    ".*.*.*.*=",
    "(x+x+)+y",
    "(.*a){20}b",
    r"(\w+\s?)*!",
    "(a?){50}a{50}b",
    "(?i)(a+)+$",
]


@pytest.mark.threat("link-file-pattern")
@pytest.mark.parametrize("pattern", CATASTROPHIC)
@pytest.mark.parametrize("text", ["a" * 3_999 + "?", "x" * 4_000, "a " * 1_999 + "?"])
def test_no_pattern_makes_a_search_explode(pattern, text):
    started = time.process_time()
    assert not holds(Condition(matches=pattern), text)
    assert time.process_time() - started < 1


@pytest.mark.threat("link-file-pattern")
def test_such_patterns_pass_the_check_and_are_answered_at_once():
    rule = "create: [{from: it, when: {short_description: {matches: '(a+)+$'}}}]\n"
    assert compile_link(GOOD + rule, "good", SYSTEMS)[0] is not None


@pytest.mark.threat("link-file-pattern")
@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?=a)b", "(?<!a)b", "(", "[", "*", r"(?:\w{1,60}){1,60}", "(?P<n>a)(?P=n)"],
)
def test_a_pattern_that_the_engine_does_not_know_is_a_fault_of_the_file(pattern):
    with pytest.raises(BadPattern):
        searcher(pattern)
    rule = f"create: [{{from: it, when: {{short_description: {{matches: '{pattern}'}}}}}}]\n"
    assert any("is no pattern" in fault for fault in faults(GOOD + rule))


@pytest.mark.threat("link-file-template")
@pytest.mark.parametrize(
    "name",
    [
        "{key.__class__}",
        "{key.__class__.__mro__}",
        "{key!r}",
        "{key:>1000000000}",
        "{}",
        "{ key }",
        "{key[0]}",
        "{key",
        "%(key)s{",
        "${key}{",
    ],
)
def test_a_template_reaches_nothing_but_fields(name):
    rule = f'  - {{it: correlation_display, flow: eng -> it, template: "{name}"}}\n'
    assert faults(GOOD + rule)


@pytest.mark.threat("link-file-template")
@pytest.mark.parametrize("name", ["0", "__class__", "__globals__", "summary.__class__", "fields"])
def test_a_name_that_looks_like_more_is_looked_up_among_the_fields_alone(name):
    ticket = Ticket("1", "A-1", "", "1", datetime(2026, 1, 1, tzinfo=UTC), {"summary": "words"})
    assert fill(f"<{{{name}}}>", ticket) == "<>"


@pytest.mark.threat("link-file-template")
@pytest.mark.parametrize(
    "name", ["{author.__class__}: {body}", "{body!r}", "{author}", "{0}{body}"]
)
def test_a_comments_template_reaches_nothing_but_its_two_names(name):
    rule = f'comments: {{flow: eng <-> it, as: "{name}"}}\n'
    assert faults(GOOD + rule)


@pytest.mark.threat("link-file-elsewhere")
@pytest.mark.parametrize(
    "line",
    [
        "include: ../other/link.yaml",
        "extends: ../other",
        "$ref: ../other/link.yaml",
        "hooks: ../other/hooks.py",
        "secret: tieline/other",
        "name: other",
        "table: other",
        "queue: other",
    ],
)
def test_no_key_of_a_link_reaches_another_links_files_secret_or_state(line):
    assert any("unknown key" in fault for fault in faults(f"{GOOD}{line}\n"))


@pytest.mark.threat("link-file-elsewhere")
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://a.example",
        "https://me:pw@a.example",
        "https://a.example\\n.evil",
        "https://a.example\\t.evil",
        "https://a.ex\u0430mple",
        "https://a.example\\\\@evil",
        "https://a .example",
        "//a.example",
        "https://",
        "https://a.example/?x",
        "https://a.example/#x",
        "http://a.example",
        "data:text/html,x",
    ],
)
def test_a_side_is_at_a_web_address_and_nothing_else(url):
    faults(GOOD.replace("https://a.example", url))


BAD_NAMES = [
    "../other",
    "../../etc",
    "/etc",
    "a/../b",
    "a/b",
    "..",
    ".",
    "",
    "a\0b",
    "a\nb",
    "-x",
    "A",
    "a" * 41,
]


@pytest.mark.threat("link-file-elsewhere")
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_links_name_on_the_command_line_is_no_path(name, tmp_path, monkeypatch):
    (tmp_path / "in" / "functions").mkdir(parents=True)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "link.yaml").write_text(GOOD)
    monkeypatch.chdir(tmp_path / "in")
    before = sorted(tmp_path.rglob("*"))
    words = {
        "new": ["jira", "servicenow", f"--name={name}"] if name else None,
        "check": [name],
        "preview": [name, "X-1"],
        "status": [name],
        "retry": [name, "X-1"],
        "replay": [name],
        "rule": [name, "it"],
        "compile": [name],
    }
    assert set(words) <= set(VERBS)
    for verb, arguments in words.items():
        if arguments is not None:
            result = CliRunner().invoke(cli, [verb, *arguments])
            assert result.exit_code == 2, (verb, result.output)
    assert sorted(tmp_path.rglob("*")) == before


def test_places_of_a_fault_are_those_of_the_file_alone():
    node, found = read_yaml(GOOD, "link.yaml")
    assert not found.found
    assert set(node) == {"sides", "fields"}
