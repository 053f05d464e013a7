"""Each law, broken on purpose, is found by the simulation within 400 seeds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulation.model.mutants import MUTANTS, Mutant
from simulation.model.run import run

SEEDS = 400


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_a_broken_law_is_found(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch, figure: Callable[[str], None]
) -> None:
    mutant.apply(monkeypatch)
    found = next((r for seed in range(SEEDS) if (r := run(seed)).breaches), None)
    assert found is not None, f"{mutant.name}: not found in {SEEDS} seeds"
    figure(f"mutant, {mutant.name}: found by seed {found.seed}: {found.breaches[0][:140]}")
