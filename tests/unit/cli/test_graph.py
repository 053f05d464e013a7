"""The picture of the mesh shows each place and link once, and takes what links say as text."""

from __future__ import annotations

import json
import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from support.world import real_link

from tieline_ops.graph.layout import BOX_HEIGHT, BOX_WIDTH, laid_out
from tieline_ops.graph.mermaid import mermaid
from tieline_ops.graph.mesh import Edge, Health, Mesh, Place, health_of, mesh_of
from tieline_ops.graph.svg import COLOURS, svg

SVG = "{http://www.w3.org/2000/svg}"


def edge(name: str, first: int, second: int, health: Health | None = None) -> Edge:
    return Edge(name, "", first, second, True, True, "live", health)


def texts(picture: str) -> list[str]:
    return [one.text or "" for one in ET.fromstring(picture).iter(f"{SVG}text")]


@st.composite
def meshes(draw: st.DrawFn) -> Mesh:
    count = draw(st.integers(1, 40))
    ends = draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=60))
    places = tuple(Place("Jira", f"host-{n}", "") for n in range(count))
    return Mesh(places, tuple(edge(f"link-{n}", *pair) for n, pair in enumerate(ends)))


@given(meshes())
def test_no_two_places_lie_on_each_other_and_all_are_within_the_picture(mesh: Mesh) -> None:
    layout = laid_out(mesh)
    for (x1, y1), (x2, y2) in combinations(layout.at, 2):
        assert abs(x1 - x2) >= BOX_WIDTH or abs(y1 - y2) >= BOX_HEIGHT
    for x, y in layout.at:
        assert 0 <= x <= layout.width - BOX_WIDTH
        assert 0 <= y <= layout.height - BOX_HEIGHT
    assert laid_out(mesh) == layout
    said = texts(svg(mesh))
    assert all(said.count(one.name) == 1 for one in mesh.edges)


def test_three_hundred_links_into_one_place_keep_their_names_apart() -> None:
    places = tuple(Place("Jira", f"host-{n}", "") for n in range(301))
    mesh = Mesh(places, tuple(edge(f"link-{n}", n, 300) for n in range(300)))
    picture = svg(mesh)
    names = [
        (float(one.attrib["x"]), float(one.attrib["y"]))
        for one in ET.fromstring(picture).iter(f"{SVG}text")
        if one.attrib["class"] == "name"
    ]
    assert len(names) == len(set(names)) == 300
    assert all(abs(a[1] - b[1]) >= 14 or a[0] != b[0] for a, b in combinations(names, 2))
    chart = mermaid(mesh)
    assert len(chart) < 50_000
    assert chart.count("<-->") == 300


@given(st.text(max_size=40))
def test_whatever_a_link_says_is_text_and_never_markup(said: str) -> None:
    hostile = f'</text><script>alert(1)</script>"{said}&amp;'
    mesh = Mesh((Place(hostile, hostile, hostile), Place("a", "b", "c")), (edge("x", 0, 1),))
    named = Mesh(mesh.places, (Edge("x", hostile, 0, 1, True, False, "plan", None),))
    for one in (mesh, named):
        root = ET.fromstring(svg(one, hostile))
        assert {e.tag.removeprefix(SVG) for e in root.iter()} <= {
            *("svg", "title", "style", "defs", "marker", "path", "rect", "text")
        }
        lines = mermaid(one).splitlines()
        assert len(lines) == 4
        assert all(re.fullmatch(r'  p\d\["[^"\[\]{}|]*"\]', line) for line in lines[1:3])


def test_a_link_that_writes_to_one_side_only_has_one_arrow_there() -> None:
    places = (Place("a", "", ""), Place("b", "", ""))
    mesh = Mesh(places, (Edge("x", "", 0, 1, True, False, "live", None),))
    picture = svg(mesh)
    assert ("marker-start" in picture, "marker-end" in picture) == (True, False)
    assert 'p1 -->|"x"| p0' in mermaid(mesh)


def test_sides_that_are_one_place_are_one_box(tieline, checkout: Path) -> None:
    mesh = tieline("graph", "--json").json()
    hosts = [place["host"] for place in mesh["places"]]
    assert hosts.count("msp.freshservice.com") == 1
    assert hosts.count("umbrella.service-now.com") == 2
    names = {folder.name for folder in (checkout / "functions").iterdir()}
    assert {one["name"] for one in mesh["edges"]} == names


def test_the_picture_is_written_where_it_is_wanted(tieline, checkout: Path) -> None:
    said = tieline("graph", "jira-servicenow", "--out", "mesh.svg")
    assert (said.status, said.out) == (0, "2 places and 1 links are in mesh.svg\n")
    assert "jira-servicenow" in texts((checkout / "mesh.svg").read_text("utf-8"))
    assert tieline("graph").out.startswith("graph LR\n")
    assert tieline("graph", "--svg").out.startswith("<svg ")
    assert tieline("graph", "nope").status == 2


def test_health_tells_what_waits_for_a_person_from_what_waits_for_a_system() -> None:
    sides = {"eng": {"paused": None}, "it": {"paused": {"reason": "down"}}}
    answer = {"parked": 0, "waiting": 0, "dead_letters": 0, "sides": {}}
    assert health_of(answer) == Health("ok")
    assert health_of({**answer, "sides": sides}) == Health("waits", "it paused")
    assert health_of({**answer, "parked": 2, "sides": sides}) == Health(
        "held", "2 parked, it paused"
    )
    assert health_of({"error": "no answer"}) == Health("unknown", "no answer")
    mesh = mesh_of([real_link()], {}, {"jira-servicenow": Health("held", "2 parked")})
    picture = svg(mesh)
    assert f'stroke="{COLOURS["held"]}"' in picture
    assert "jira-servicenow (2 parked)" in texts(picture)
    assert f"linkStyle 0 stroke:{COLOURS['held']}" in mermaid(mesh)
    assert json.dumps(texts(picture)).count("waits for a person") == 1
