"""The run: a dry run, then the command killed, a function's processes killed, and at last whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tieline.domain.twin import TwinState
from tieline.state.queue import length_of
from tieline_ops.backlog.pairs import ENG, IT, wiring_of
from tieline_ops.backlog.report import Check
from tieline_ops.connecting.seen import Seen, Write, announced
from tieline_ops.connecting.tickets import Made, make
from tieline_ops.local.functions import FunctionError
from tieline_ops.local.stack import LocalStack
from tieline_ops.sandbox.jira.simulator import JiraSandbox
from tieline_ops.sandbox.servicenow.simulator import ServiceNowSandbox

LINK = "jira-servicenow"
BY = f"{ENG}.key={IT}.correlation_display"
A_DAY = 86_400
"""Seconds for which the link's brake is off: connecting is a mass edit that somebody knows of."""
RATE = 1_000_000
COMMAND, FUNCTION = "the command", "the function's processes"
KILLS = ((COMMAND, 0.2), (FUNCTION, 0.45), (COMMAND, 0.7))
"""Whom to kill, once which share of the pairs is bound."""
VISIBLE_AGAIN = 60
"""Seconds until what a killed process held is given out again: six minutes where nobody waits."""
TICKS_EVERY, TOLD_EVERY = 120.0, 15.0


@dataclass
class Figures:
    """What a run gave. `kills` are (who, pairs bound at that moment); seconds by step."""

    tickets: int
    pairs: int = 0
    dry_wrote: int = 0
    states: dict[str, int] = field(default_factory=dict)
    ambiguous: int = 0
    keyless: int = 0
    announced: Counter[Write] = field(default_factory=Counter)
    written: Counter[Write] = field(default_factory=Counter)
    others: list[str] = field(default_factory=list)
    wrong_pairs: list[str] = field(default_factory=list)
    new_tickets: int = 0
    said: int = 0  # comments and files more than before
    parked: int = 0
    waiting: int = 0
    dead_letters: int = 0
    bugs: int = 0
    status: int = -1
    kills: list[tuple[str, int]] = field(default_factory=list)
    expected_ambiguous: int = 0
    expected_keyless: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def unannounced(self) -> Counter[Write]:
        return self.written - self.announced

    @property
    def missing(self) -> Counter[Write]:
        return self.announced - self.written


def run(
    tickets: int, root: Path, tell: Callable[[str], None] = lambda _: None, deadline: float = 3600
) -> Figures:
    """One run on a stack of its own."""
    with LocalStack(root, frozenset({LINK})) as stack, tempfile.TemporaryDirectory() as folder:
        stack.invoke(LINK, {"tieline": "release", "seconds": A_DAY, "who": "make connect"})
        return _Run(stack, root, Path(folder), tickets, tell, deadline).figures()


class _Run:
    def __init__(
        self,
        stack: LocalStack,
        root: Path,
        folder: Path,
        tickets: int,
        tell: Callable[[str], None],
        deadline: float,
    ) -> None:
        self._stack = stack
        self._root = root
        self._folder = folder
        self._tell = tell
        self._until = time.monotonic() + deadline
        self._found = Figures(tickets)
        self._jira: JiraSandbox = stack.sandbox.system(LINK, ENG)
        self._servicenow: ServiceNowSandbox = stack.sandbox.system(LINK, IT)
        self._wiring = wiring_of(stack, LINK)
        self._sqs = stack.aws.client("sqs")
        self._queues = stack.links[LINK].queues
        (folder / "functions").symlink_to(root / "functions")
        (folder / ".state").mkdir()
        (folder / ".state/local.json").write_text(json.dumps(stack.addresses()), "utf-8")
        self._sqs.set_queue_attributes(
            QueueUrl=self._queues.url, Attributes={"VisibilityTimeout": str(VISIBLE_AGAIN)}
        )

    def figures(self) -> Figures:
        found = self._found
        made = self._timed("tickets made", lambda: make(*self._systems, found.tickets))
        found.expected_ambiguous, found.expected_keyless = len(made.double), made.none
        found.pairs = len(made.pairs)
        before = self._said()
        seen = Seen(self._wiring.link)
        seen.listen(*self._systems)
        dry = self._timed("dry run", self._dry_run)
        found.dry_wrote = sum(seen.writes.values()) + len(seen.others) + self._bound()
        found.states, found.ambiguous = dry["states"], len(dry["ambiguous"])
        found.keyless = dry["keyless"][IT]
        found.announced = announced(dry["pairs"], self._ids())
        self._timed("paired, killed and resumed", self._connect)
        self._timed("reconciled", self._rest)
        found.written, found.others = seen.writes, seen.others
        found.said = self._said() - before
        self._count(made)
        return found

    @property
    def _systems(self) -> tuple[JiraSandbox, ServiceNowSandbox]:
        return self._jira, self._servicenow

    def _timed(self, what: str, do: Callable[[], Any]) -> Any:
        begun = time.monotonic()
        made = do()
        self._found.seconds[what] = time.monotonic() - begun
        self._tell(f"{what} in {self._found.seconds[what]:.0f} s")
        return made

    # The command

    def _start(self, *more: str) -> subprocess.Popen[bytes]:
        """`tieline connect` in a process of its own; what it prints goes to a file."""
        words = ["--project", str(self._folder), "connect", LINK, "--by", BY, "--json", *more]
        paths = f"{self._root / 'shared'}:{self._root / 'infra'}"
        with (self._folder / "said").open("wb") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "tieline_ops", *words],
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": paths},
            )

    def _dry_run(self) -> dict[str, Any]:
        self._found.status = self._start().wait()
        said = (self._folder / "said").read_text("utf-8")
        try:
            told: dict[str, Any] = json.loads(said)
        except ValueError:
            raise RuntimeError(f"the dry run said: {said[-2000:]}") from None
        if "pairs" not in told:
            raise RuntimeError(f"the dry run said: {told}")
        return told

    def _connect(self) -> None:
        """Pair, with each kill at its moment, and run the command again until it ends by itself."""
        kills = [(who, share * self._found.pairs) for who, share in KILLS]
        process = self._start("--apply", "--rate", str(RATE))
        told = time.monotonic()
        try:
            while time.monotonic() < self._until:
                ended = process.poll()
                bound = self._bound()
                if kills and bound >= kills[0][1]:
                    who, _ = kills.pop(0)
                    self._kill(who, process)
                    self._found.kills.append((who, bound))
                    self._tell(f"{who} killed when {bound} were bound")
                elif ended is not None and not kills and ended >= 0:
                    self._found.status = ended
                    return
                if process.poll() is not None and (kills or process.returncode < 0):
                    process = self._start("--apply", "--rate", str(RATE))
                if time.monotonic() - told > TOLD_EVERY:
                    told = time.monotonic()
                    self._tell(f"{bound} of {self._found.pairs} bound")
                time.sleep(0.05)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def _kill(self, who: str, process: subprocess.Popen[bytes]) -> None:
        if who == COMMAND:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return
        for pid in self._stack.links[LINK].function.pids:
            os.kill(pid, signal.SIGKILL)

    # What came of it

    def _bound(self) -> int:
        return self._wiring.store.counts().twins

    def _ids(self) -> dict[tuple[str, str], str]:
        """(side, name) -> id."""
        issues = {(ENG, issue.key): id for id, issue in self._jira.site.issues.items()}
        rows = self._servicenow.instance.tables["incident"]
        return issues | {(IT, row["number"]): id for id, row in rows.items()}

    def _said(self) -> int:
        issues = self._jira.site.issues.values()
        tables = self._servicenow.instance.tables
        there = len(tables["sys_journal_field"]) + len(tables["sys_attachment"])
        return there + sum(len(i.comments) + len(i.attachments) for i in issues)

    def _rest(self) -> None:
        """Until the queue is worked off and nothing is due, with a poll now and then."""
        ticked = told = time.monotonic()
        while time.monotonic() < self._until:
            now = time.monotonic()
            left = length_of(self._sqs, self._queues.url).whole
            webhooks = self._jira.webhooks.pending + self._servicenow.webhooks.pending
            if not left and not webhooks and self._wiring.store.counts().due == 0:
                return
            if now - told > TOLD_EVERY:
                told = now
                self._tell(f"{left} queued, {webhooks} webhooks")
            if now - ticked > TICKS_EVERY:
                try:
                    self._stack.tick(LINK)
                except FunctionError as error:
                    self._tell(f"poll: {error}")
                ticked = time.monotonic()
            time.sleep(0.2)

    def _count(self, made: Made) -> None:
        found, counts = self._found, self._wiring.store.counts()
        found.parked, found.waiting = counts.parked, counts.due
        found.dead_letters = length_of(self._sqs, self._queues.dead_url).whole
        tickets = len(self._jira.site.issues) + len(self._servicenow.instance.tables["incident"])
        found.new_tickets = tickets - 2 * found.tickets
        left = dict(made.pairs)
        for twin in self._wiring.store.all_twins():
            issue, record = twin.sides[ENG].id, twin.sides[IT].id
            if left.pop(issue, None) != record or twin.state is not TwinState.LIVE:
                found.wrong_pairs.append(f"{twin.sides[ENG].key} - {twin.sides[IT].key}")
        found.wrong_pairs += [f"{issue} - nothing" for issue in left]
        with self._stack.log.open(encoding="utf-8") as lines:
            found.bugs = sum('"message":"bug"' in line for line in lines)


def checks(found: Figures) -> list[Check]:
    """Every law of a run."""
    none = {
        "writes and twins of the dry run": found.dry_wrote,
        "pairs that are wrong, double or not there": len(found.wrong_pairs),
        "writes that were not announced": sum(found.unannounced.values()),
        "announced writes that were not made": sum(found.missing.values()),
        "comments, files and tickets that were written": len(found.others) + found.said,
        "new tickets": found.new_tickets,
        "parked tickets": found.parked,
        "tickets that still wait": found.waiting,
        "dead letters": found.dead_letters,
        "bugs in the functions' log": found.bugs,
    }
    made = [Check(what, f"{count:,}", "0", count == 0) for what, count in none.items()]
    asked = {
        "pairs of the dry run": (found.states.get("ready", 0), found.pairs),
        "keys on two tickets, told of": (found.ambiguous, found.expected_ambiguous),
        "tickets without a key, told of": (found.keyless, found.expected_keyless),
        "times that a process was killed": (len(found.kills), len(KILLS)),
    }
    made += [
        Check(what, f"{count:,}", f"{should:,}", count == should)
        for what, (count, should) in asked.items()
    ]
    ended = found.status in {0, 1}
    return [*made, Check("the last run's exit status", str(found.status), "0 or 1", ended)]


def told(found: Figures) -> str:
    """A summary in Markdown."""
    lines = [
        f"{found.tickets:,} tickets on each side, {found.pairs:,} that belong together.",
        f"{found.announced.total():,} writes announced, {found.written.total():,} made.",
        "",
        *(f"* {who} killed when {count:,} pairs were bound" for who, count in found.kills),
        *(f"* {what}: {seconds:.0f} s" for what, seconds in found.seconds.items()),
        "",
        "| | found | allowed | |",
        "|---|---|---|---|",
    ]
    for check in checks(found):
        held = "held" if check.held else "**NOT HELD**"
        lines.append(f"| {check.what} | {check.found} | {check.allowed} | {held} |")
    return "\n".join(lines)
