"""The links of the simulation: every kind of field, both directions, comments and files."""

from __future__ import annotations

from dataclasses import replace

from tieline.domain.link import (
    AttachmentsRule,
    Birth,
    Brake,
    CommentsRule,
    FieldRule,
    Link,
    Policy,
    Side,
    Test,
)

LEVELS = (("Low", "Low"), ("Mid", "Low"), ("High", "High"), ("Top", "High"))
STATES = (("New", "New"), ("Busy", "Busy"), ("Done", "Done"))
STAND_IN = "jane"
"""Who is put where a person is not known."""

UNBRAKED = Brake(writes_per_hour=100_000, deletes_per_hour=100_000)


def link_between(
    one: str,
    two: str,
    *,
    conflicts: Policy = "newest",
    on_delete: str = "keep",
    points: bool = True,
    chain: bool = False,
    brake: Brake = UNBRAKED,
) -> Link:
    """A link between the systems called `one` and `two`, which are its sides' names, too."""
    both = (one, two)

    def rule(name: str, **more: object) -> FieldRule:
        return replace(FieldRule({one: name, two: name}, both, f"link.yaml:{name}"), **more)  # type: ignore[arg-type]

    stand_in = dict.fromkeys(both, f"{STAND_IN}@acme.example")
    rules = [
        rule("title"),
        rule("body"),
        rule("level", values=LEVELS, otherwise={one: "Mid", two: "Low"}),
        rule("state", values=STATES),
        rule("owner", otherwise=stand_in),
        rule("tags"),
        rule("due", targets=(two,)),
        FieldRule({two: "note"}, (two,), "link.yaml:note", template="{key}: {title}"),
    ]
    if points:
        rules.append(rule("points", conflicts=one))
    return Link(
        name=f"{one}-{two}",
        sides={side: Side(side, "model", f"https://{side}.example", {}) for side in both},
        order=both,
        create=(
            Birth(one, {"tags": Test(has=("sync",))}),
            Birth(two, {"level": Test(any_of=("High", "Top")), "tags": Test(has=("sync",))}),
        ),
        fields=tuple(rules),
        comments=CommentsRule(both),
        attachments=AttachmentsRule(both, max_bytes=1_000),
        initial=one,
        conflicts=conflicts,
        on_delete=on_delete,  # type: ignore[arg-type]
        chain=chain,
        brake=brake,
    )
