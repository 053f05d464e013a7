"""A dozen links, spread over several APIs, package as hundreds do; what would not fit is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from support.many_links import Made, make

from tieline_ops import apis
from tieline_ops.many import making, quotas

pytestmark = pytest.mark.built
LINKS, PER_API = 12, 5


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apis, "PER_API", PER_API)
        return make(tmp_path_factory.mktemp("many"), LINKS, lambda _: None)


def test_a_dozen_links_hold_all_quotas_and_need_nothing_of_this_machine(
    made: Made, figure: Callable[[str], None]
) -> None:
    figure(f"{LINKS} links: " + ", ".join(f"{n} {s:.1f} s" for n, s in made.seconds.items()))
    assert made.faults == ()
    assert [use for use in quotas.uses(made.packaged) if not use.holds] == []
    assert len(quotas.links(made.packaged.root)) == LINKS
    found = {use.what: use.found for use in quotas.uses(made.packaged)}
    assert found["HTTP APIs"] == -(-LINKS // PER_API)
    assert found["routes of the fullest API"] == PER_API
    # SAM's transform makes of each stanza a stack, and of the function what it stands for.
    nested = [t for name, t in made.packaged.expanded.items() if name]
    assert len(nested) == LINKS + 2
    assert {r["Type"] for t in nested for r in t["Resources"].values()} >= {"AWS::Lambda::Function"}


def test_every_pair_of_the_eight_systems_has_its_turn() -> None:
    assert len(making.SYSTEMS) == 8
    assert len(making.PAIRS) == 36


def test_a_quota_that_is_passed_is_told(made: Made) -> None:
    big = replace(made.packaged, sizes={**made.packaged.sizes, "": 1_000_001})
    assert [use.what for use in quotas.uses(big) if not use.holds] == ["bytes of the root template"]
    assert not replace(made, packaged=big).holds


def test_a_place_that_is_only_here_and_a_layer_that_is_missing_are_told(made: Made) -> None:
    root = made.packaged.root
    name, stanza = next(iter(quotas.links(root).items()))
    link = stanza["Parameters"]["Link"]
    changed = {**root["Resources"][name], "Properties": {**stanza, "Location": "infra/link.yaml"}}
    local = replace(made.packaged, root={**root, "Resources": {**root["Resources"], name: changed}})
    links = [s["Parameters"]["Link"] for s in quotas.links(root).values()]
    signs = [
        s["Parameters"]["Link"] for s in quotas.links(root).values() if "Signing" in s["Parameters"]
    ]
    assert signs
    systems = {n: frozenset({"github"} if n in signs else {"jira"}) for n in links}
    assert quotas.faults(made.packaged, systems) == []
    (found,) = quotas.faults(local, systems)
    assert "infra/link.yaml" in found
    systems[link] = frozenset({"jira"} if link in signs else {"salesforce"})
    assert len(quotas.faults(made.packaged, systems)) == 1
