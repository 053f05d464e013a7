"""Two systems as plain values: a plan is carried out on them without any call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tieline.domain.attachments import file_mark
from tieline.domain.link import AttachmentsRule, CommentsRule, FieldRule, Link, Side
from tieline.domain.marks import mark
from tieline.domain.plan import (
    AddAttachment,
    AddComment,
    DeleteAttachment,
    DeleteComment,
    EditComment,
    Plan,
    UpdateFields,
)
from tieline.domain.reconcile import reconcile
from tieline.domain.ticket import (
    Attachment,
    Comment,
    FieldSpec,
    Kind,
    Option,
    Person,
    Ticket,
    Value,
)
from tieline.domain.turns import with_turns
from tieline.domain.twin import PartState, PartTwin, SideBase, Twin, TwinState

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LEVELS = tuple(Option(str(n), name) for n, name in enumerate(("Low", "Mid", "High", "Top"), 1))
GRADES = tuple(Option(n, f"Grade {n}") for n in ("a", "b", "c"))
PEOPLE = tuple(f"{name}@acme.example" for name in ("jane", "omar", "li"))

SPECS = {
    "eng": {
        "summary": FieldSpec("summary", Kind.TEXT),
        "level": FieldSpec("level", Kind.OPTION, options=LEVELS),
        "labels": FieldSpec("labels", Kind.TAGS),
        "points": FieldSpec("points", Kind.NUMBER),
        "owner": FieldSpec("owner", Kind.PERSON),
        "due": FieldSpec("due", Kind.DATE),
        "done": FieldSpec("done", Kind.BOOLEAN),
    },
    "it": {
        "short": FieldSpec("short", Kind.TEXT),
        "grade": FieldSpec("grade", Kind.OPTION, options=GRADES),
        "tags": FieldSpec("tags", Kind.TAGS),
        "size": FieldSpec("size", Kind.NUMBER),
        "assigned": FieldSpec("assigned", Kind.PERSON),
        "until": FieldSpec("until", Kind.DATE),
        "closed": FieldSpec("closed", Kind.BOOLEAN),
        "note": FieldSpec("note", Kind.TEXT),
    },
}
BOTH = ("eng", "it")


def rule(eng: str, it: str, **more: object) -> FieldRule:
    return replace(FieldRule({"eng": eng, "it": it}, BOTH, "link.yaml:1:1"), **more)


RULES = (
    rule("summary", "short"),
    rule("level", "grade", values=(("Low", "a"), ("Mid", "b"), ("High", "c"), ("Top", "c"))),
    rule("labels", "tags"),
    rule("points", "size"),
    rule("owner", "assigned"),
    rule("due", "until", targets=("it",)),
    rule("done", "closed"),
    FieldRule({"it": "note"}, ("it",), "link.yaml:9:1", template="{key}: {summary}"),
)


def make_link(**more: object) -> Link:
    sides = {name: Side(name, name, f"https://{name}.example", {}) for name in BOTH}
    link = Link(
        name="eng-it",
        sides=sides,
        order=BOTH,
        fields=RULES,
        comments=CommentsRule(BOTH),
        attachments=AttachmentsRule(BOTH),
    )
    return replace(link, **more)


@dataclass
class System:
    """One side's ticket, edited by people and by plans."""

    name: str
    ticket: Ticket
    editable: bool = True
    numbers: int = 0
    comments: dict[str, Comment] = field(default_factory=dict)
    files: dict[str, Attachment] = field(default_factory=dict)

    def read(self) -> Ticket:
        return replace(
            self.ticket,
            comments=tuple(self.comments.values()),
            attachments=tuple(self.files.values()),
        )

    def write(self, values: dict[str, Value], now: datetime) -> None:
        found = {n: self._as_system(n, v) for n, v in values.items()}
        self.numbers += 1
        self.ticket = replace(
            self.ticket,
            fields={**self.ticket.fields, **found},
            updated=now,
            version=str(self.numbers),
        )

    def _as_system(self, name: str, value: Value) -> Value:
        """What a system makes of a value: it trims texts, knows people by an id of its own."""
        if isinstance(value, str):
            return value.strip()
        if isinstance(value, Person):
            email = value.email or value.id.partition(":")[2]
            return Person(f"{self.name}:{email}", email, email)
        if isinstance(value, Option):
            spec = SPECS[self.name][name]
            wanted = (value.value, value.label)
            return next(o for o in spec.options if o.value in wanted or o.label in wanted)
        return value

    def comment(self, body: str, now: datetime, *, ours: bool = False, public: bool = True) -> str:
        self.numbers += 1
        id = f"{self.name}-c{self.numbers}"
        author = Person(f"{self.name}:jane", "", "Jane")
        self.comments[id] = Comment(id, body, author, public, now, now, ours=ours)
        return id

    def attach(self, name: str, size: int, now: datetime, *, ours: bool = False) -> str:
        self.numbers += 1
        id = f"{self.name}-a{self.numbers}"
        self.files[id] = Attachment(id, name, "text/plain", size, now, ours=ours)
        return id


@dataclass
class Pair:
    """Both systems, the twin, and the reconcile that keeps them equal."""

    link: Link
    systems: dict[str, System]
    twin: Twin
    parts: dict[str, PartTwin] = field(default_factory=dict)
    now: datetime = START

    def plan(self, *, again: bool = False, prefer: str = "") -> Plan:
        tickets = {name: system.read() for name, system in self.systems.items()}
        editable = frozenset(n for n, s in self.systems.items() if s.editable)
        parts = tuple(self.parts.values())
        return reconcile(
            self.link,
            self.twin,
            tickets,
            parts,
            SPECS,
            editable,
            self.now,
            again=again,
            prefer=prefer,
        )

    def carry_out(self, plan: Plan) -> None:
        results: dict[str, dict[str, object]] = {}
        for part in plan.parts:
            self.parts[part.key] = part
        for action in plan.actions:
            system = self.systems[action.side]
            match action:
                case UpdateFields(writes=writes):
                    system.write({w.field: w.value for w in writes}, self.now)
                    fields = system.ticket.fields
                    results[action.side] = {w.field: mark(fields[w.field]) for w in writes}
                case AddComment(part=part, body=body, public=public):
                    id = system.comment(body, self.now, ours=True, public=public)
                    self._live(part, action.side, id)
                case EditComment(part=part, body=body):
                    old = system.comments.get(part.ids[action.side])
                    if old is None:  # a person deleted the copy: it is gone, and stays so
                        self.parts[part.key] = replace(part, state=PartState.ENDED)
                        continue
                    system.comments[old.id] = replace(old, body=body)
                    self.parts[part.key] = part
                case DeleteComment(part=part):
                    system.comments.pop(part.ids[action.side], None)
                    self.parts[part.key] = part
                case AddAttachment(part=part, source=source):
                    id = system.attach(source.name, source.size, self.now, ours=True)
                    self._live(part, action.side, id)
                case DeleteAttachment(part=part):
                    system.files.pop(part.ids[action.side], None)
                    self.parts[part.key] = part
        marks = {side: dict(base.marks) for side, base in self.twin.sides.items()}
        for by_side in plan.marks.values():
            for side, fields in by_side.items():
                for name, value in fields.items():
                    marks[side][name] = results.get(side, {}).get(name, value)
        sides = {s: replace(b, marks=marks[s]) for s, b in self.twin.sides.items()}
        turns = with_turns(self.twin.turns, plan.turns)
        self.twin = replace(self.twin, sides=sides, turns=turns)

    def _live(self, part: PartTwin, side: str, id: str) -> None:
        ids = {**part.ids, side: id}
        self.parts[part.key] = replace(part, state=PartState.LIVE, ids=ids)

    def settle(self, most: int = 5) -> int:
        """Reconcile until nothing is planned; gives how many rounds wrote something."""
        for rounds in range(most):
            self.now += timedelta(seconds=1)
            plan = self.plan()
            if not plan.actions:
                self.carry_out(plan)
                return rounds
            self.carry_out(plan)
        raise AssertionError(f"no rest after {most} rounds: {self.plan().actions}")

    def texts(self, side: str) -> list[str]:
        return [c.body for c in self.systems[side].comments.values()]

    def names(self, side: str) -> list[str]:
        return sorted(file_mark(f) for f in self.systems[side].files.values())


def make_pair(link: Link | None = None, **fields: object) -> Pair:
    link = link or make_link()
    empty: dict[str, Value] = {
        "summary": "printer",
        "level": LEVELS[1],
        "labels": None,
        "points": Decimal(3),
        "owner": None,
        "due": None,
        "done": False,
    }
    there: dict[str, Value] = {
        "short": "printer",
        "grade": GRADES[1],
        "tags": None,
        "size": Decimal(3),
        "assigned": None,
        "until": None,
        "closed": False,
        "note": "E-1: printer",
    }
    eng = Ticket("1", "E-1", "https://eng.example/1", "1", START, fields={**empty, **fields})
    it = Ticket("9", "I-9", "https://it.example/9", "1", START, fields=there)
    twin = Twin(
        key="t1",
        revision=1,
        state=TwinState.LIVE,
        origin="eng",
        sides={"eng": SideBase(id="1"), "it": SideBase(id="9")},
        born=START,
    )
    return Pair(link, {"eng": System("eng", eng), "it": System("it", it)}, twin)
