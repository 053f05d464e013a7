"""One field is edited twenty times within three seconds, while the other side edits it too.

Whatever the webhooks do, the twin settles within these bounds, all of them per field and burst:

    reconciles that read a system  <= 10, half of the edits of one side
    writes to a side  <= those reconciles (for a status twice: there may be a step between)
    writes to a side  <= edits of the other side, so 0 if that was not edited

and each person's last edit stands, or is recorded as given up by the conflict policy, or was
replaced by somebody who saw it, or (where the system takes no precondition) by a write of ours that
fell on it between our read and our write.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulation.rapid_edits import EDITS, FATES, rows
from simulation.rapid_fields import FIELDS, Field


@pytest.mark.parametrize("of", FIELDS, ids=lambda of: of.name)
def test_a_burst_of_edits_settles_within_its_bounds(
    of: Field, figure: Callable[[str], None]
) -> None:
    names = ("edits", "deliveries", "reconciles", "to_eng", "to_it", "table_reads", "table_writes")
    names += FATES
    lines = [
        f"{others:2} {webhooks:11}" + "".join(f"{found[n]:13}" for n in names)
        for others, webhooks, found in rows(of)
    ]
    head = " " * 14 + "".join(f"{n:>13}" for n in names)
    title = f"{EDITS} edits of a {of.name} in 3 s, by edits across and webhooks:"
    figure("\n".join([title, head, *lines]))
