"""The page of systems names the systems and the claims that there are."""

from __future__ import annotations

import ast
from pathlib import Path

from conformance.behaviours import BEHAVIOURS, CALLS
from conformance.system import discovered
from conformance.table import named_on_page
from support.shipped import SHIPPED

from tieline.connectors import connector_class
from tieline.domain.ticket import Kind

FOLDER = Path(__file__).parents[2] / "conformance"


def tried() -> set[str]:
    """The behaviours that tests are marked with; they are read, not run."""
    found = set()
    for path in FOLDER.glob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "behaviour":
                found.add(str(ast.literal_eval(node.args[0])))
    kinds = {f"fields.{kind}" for kind in Kind}
    return (found - {"fields.{kind}"}) | (kinds if "fields.{kind}" in found else set())


def test_each_behaviour_has_a_test_and_each_mark_a_behaviour() -> None:
    assert tried() == set(BEHAVIOURS)


def test_the_page_has_every_system_and_every_behaviour() -> None:
    titles = [connector_class(name).title for name in discovered()]
    words = [*BEHAVIOURS.values(), *CALLS.values()]
    assert named_on_page() == (titles, words), "run `make systems`"


def test_every_connector_that_is_shipped_is_held_to_the_claims() -> None:
    assert set(discovered()) == SHIPPED


def test_what_is_lacking_is_a_behaviour_and_has_a_source() -> None:
    for of in discovered().values():
        known = {f"{key}+{switch}" for key in BEHAVIOURS for on in of.switch_sets for switch in on}
        assert of.lacks.keys() <= BEHAVIOURS.keys() | known
        assert all(lack.why and lack.source for lack in of.lacks.values())
