"""What the simulation says of a system is what its connector and its simulated system show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from conformance.bench import Bench
from conformance.system import SystemUnderTest, discovered
from simulation.model.observed import OBSERVERS, NotSeen, agrees, unknown
from simulation.model.profiles import PROFILES

BOTH = [each for word, each in discovered().items() if word in PROFILES]
ELSEWHERE = {
    (
        "freshservice",
        "webhook_for_files",
    ): "a file of ours comes on a note, which is what is told of",
    (
        "salesforce",
        "spelling",
    ): "the bench writes a custom rich text; the profile means Description",
    ("salesforce", "webhook_retries"): "the bench hears the flow; outbound messages are repeated",
}
"""Facts that the bench sees on something else than the profile speaks of, and on what."""


@pytest.fixture
def bench(of: SystemUnderTest) -> Iterator[Bench]:
    made = Bench(of)
    yield made
    made.simulator.close()


@pytest.mark.parametrize("fact", OBSERVERS)
@pytest.mark.parametrize("of", BOTH, ids=lambda of: of.system)
def test_a_profile_says_what_the_connector_shows(
    of: SystemUnderTest, fact: str, bench: Bench, figure: Callable[[str], None]
) -> None:
    if (of.system, fact) in ELSEWHERE:
        figure(f"profile, {of.system}: {fact} is not observed: {ELSEWHERE[of.system, fact]}")
        return
    try:
        seen = OBSERVERS[fact](bench)
    except NotSeen as reason:
        figure(f"profile, {of.system}: {fact} is not observed: {reason}")
        return
    assert agrees(fact, PROFILES[of.system], seen), f"{of.system} shows {fact} = {seen}"


def test_every_fact_of_a_profile_is_observed_or_the_models_own() -> None:
    assert unknown() == set()
    assert {"jira", "servicenow"} <= {of.system for of in BOTH}
