"""`python -m simulation.model SEEDS [FIRST]`: runs seeds, prints what was found."""

from __future__ import annotations

import sys
import time

from simulation.model.checks import examine
from simulation.model.simulated import simulated


def main() -> None:
    number = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    bad = 0
    start = time.time()
    import faulthandler

    for seed in range(first, first + number):
        faulthandler.dump_traceback_later(20, exit=True)
        try:
            world = simulated(seed)
            if "-v" in sys.argv:

                def tell(t, w=world):
                    print(w.clock.now.strftime("%H:%M:%S.%f")[:12], t[:260])

                world.network.tell = tell
                for s in world.systems:
                    s.tell = tell
            world.run()
            breaches = examine(world).breaches
        except AssertionError as error:
            breaches = [f"assertion: {error}"]
        if breaches:
            bad += 1
            print(
                seed,
                world.scenario.profiles[0].name,
                world.scenario.profiles[1].name,
                len(world.systems),
                sorted(world.scenario.faults),
            )
            for b in breaches[:6]:
                print("    ", b[:400])
    print(bad, "of", number, time.time() - start)


main()
