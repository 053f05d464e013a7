"""The page that leads to all links' pages: the mesh, and a line for each link."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tieline.domain.link import Link
from tieline_ops.graph.mermaid import mermaid
from tieline_ops.graph.mesh import mesh_of
from tieline_ops.link_file.catalogue import Catalogue
from tieline_ops.link_page.markdown import code, plain, table
from tieline_ops.link_page.page import births_in_short
from tieline_ops.mesh import notes

INDEX = "index.md"


def index_page(links: Sequence[Link], systems: Mapping[str, Catalogue]) -> str:
    """The index's Markdown; each link's page stands beside it as `<link>.md`."""
    return "\n".join(_lines(links, systems)).rstrip() + "\n"


def _lines(links: Sequence[Link], systems: Mapping[str, Catalogue]) -> Iterator[str]:
    titles = {word: one.title for word, one in systems.items()}
    yield "# What is kept the same"
    yield ""
    yield f"{len(links)} links. An arrow shows where changes go; a dashed line writes nothing yet."
    yield ""
    yield "```mermaid"
    yield mermaid(mesh_of(links, titles)).rstrip()
    yield "```"
    yield ""
    yield from table(
        ["link", "", "between", "what brings tickets to life", "mode"], _rows(links, titles)
    )
    told = notes(links)
    if told:
        yield ""
        yield "## Where links meet"
        yield ""
        yield from (f"- {plain(str(note))}" for note in told)


def _rows(links: Sequence[Link], titles: Mapping[str, str]) -> Iterator[list[str]]:
    for link in links:
        between = " and ".join(
            f"{plain(side)} ({plain(titles[link.sides[side].system])})" for side in link.order
        )
        name = f"[{code(link.name)}]({link.name}.md)"
        yield [name, plain(link.title), between, births_in_short(link), link.mode]
