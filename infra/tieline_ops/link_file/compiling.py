"""From the models of link.yaml to a Link, with every check that needs no network.

Nothing here stops at the first mistake: what is wrong is noted with its place, and the rest is
looked at all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from tieline.domain.link import AttachmentsRule, Birth, Brake, CommentsRule, FieldRule, Link, Side
from tieline.domain.template import BadTemplate, names
from tieline_ops.link_file.catalogue import Catalogue
from tieline_ops.link_file.conditions import compiled_test
from tieline_ops.link_file.described import Beside, described, nothing_beside
from tieline_ops.link_file.faults import Fault, Faults, Path, did_you_mean, listed, spelled
from tieline_ops.link_file.fields import Fields
from tieline_ops.link_file.models import RULE_KEYS, LinkModel
from tieline_ops.link_file.rules import compiled_rule
from tieline_ops.link_file.words import tell
from tieline_ops.link_file.yaml_text import Node, read_yaml

_SIDE = re.compile(r"[a-z][a-z0-9_]{0,19}")
_RATE = re.compile(r"(\d{1,7}) per hour")


def compile_link(
    text: str,
    name: str,
    systems: Mapping[str, Catalogue],
    file: str = "link.yaml",
    beside: Beside = nothing_beside,
) -> tuple[Link | None, tuple[Fault, ...]]:
    """The Link that a link.yaml's text says, or None and every fault in it.

    `name` is the folder's. `systems` is what may stand behind `system:`; `beside` reads the files
    that a scope names.
    """
    content, faults = read_yaml(text, file)
    if faults.found:
        return None, faults.all()
    model, cut = _modelled(content, faults)
    if model is None:
        return None, faults.all()
    told = len(faults.found)
    link = _Compiling(model, name, systems, faults, beside).link()
    # What was cut out for being wrong is not said to be missing, too.
    around = {spelled(path[:end]) for path in cut for end in range(len(path) + 1)}
    faults.found[told:] = [fault for fault in faults.found[told:] if fault.path not in around]
    return (None if faults.found else link), faults.all()


def _modelled(content: Node, faults: Faults) -> tuple[LinkModel | None, list[Path]]:
    """The models of what is well shaped, and what was cut out because it is not."""
    try:
        return LinkModel.model_validate(content), []
    except ValidationError as error:
        cut = tell(error, content, faults)
    for path in cut:
        _cut_out(content, path)
    try:
        return LinkModel.model_validate(content), cut
    except ValidationError:
        return None, cut


def _cut_out(content: Node, path: Path) -> None:
    at = content
    for step in path[:-1]:
        if isinstance(at, dict):
            at = at.get(str(step), "")
        elif isinstance(at, list) and isinstance(step, int):
            at = at[step]
    if isinstance(at, dict) and path:
        at.pop(str(path[-1]), None)


class _Compiling:
    def __init__(
        self,
        model: LinkModel,
        name: str,
        systems: Mapping[str, Catalogue],
        faults: Faults,
        beside: Beside,
    ) -> None:
        self.model = model
        self.name = name
        self.systems = systems
        self.faults = faults
        self.beside = beside

    def link(self) -> Link | None:
        sides = self._sides()
        if not self.model.fields:
            self.faults.add(("fields",), "is empty", "name at least one pair of fields")
        if sides is None:
            return None
        first, second = sides
        model, order = self.model, (first, second)
        fields = Fields(sides, order, self.systems, self.faults)
        rules = [
            compiled_rule(rule, ("fields", n), fields, self._policy)
            for n, rule in enumerate(model.fields)
        ]
        self._check_targets([rule for rule in rules if rule])
        closes = any(rule and fields.closes(rule) for rule in rules)
        if model.on_delete == "close" and not closes:
            remedy = "add a rule for the status whose last pair in `values` is closed, or say keep"
            self.faults.add(("on_delete",), "no rule says what closed is", remedy)
        return Link(
            name=self.name,
            sides=sides,
            order=order,
            title=model.title,
            create=self._births(fields),
            fields=tuple(rule for rule in rules if rule),
            comments=self._comments(fields),
            attachments=self._attachments(fields),
            defaults=self._defaults(fields),
            initial=self._initial(order),
            conflicts=self._policy(model.conflicts, ("conflicts",), order),
            on_delete=model.on_delete,
            on_leave=model.on_leave,
            mode=model.mode,
            brake=Brake(
                self._rate(model.brake.writes, ("brake", "writes")),
                self._rate(model.brake.deletes, ("brake", "deletes")),
            ),
            chain=model.chain,
        )

    def _sides(self) -> dict[str, Side] | None:
        sides: dict[str, Side] = {}
        for name, raw in self.model.sides.items():
            path: Path = ("sides", name)
            if not _SIDE.fullmatch(name) or name in RULE_KEYS:
                remedy = "use 1 to 20 small letters, digits and _, and none of "
                self.faults.add(
                    path, f"{name!r} cannot name a side", remedy + listed(RULE_KEYS), key=True
                )
            catalogue = self.systems.get(raw.system)
            scope = dict(raw.scope)
            if catalogue is None:
                known = f"known are {listed(sorted(self.systems), 'and')}"
                remedy = did_you_mean(raw.system, self.systems, known)
                self.faults.add((*path, "system"), f"no system {raw.system!r}", remedy)
            else:
                at: Path = (*path, "scope")
                self._check_scope(catalogue, raw.scope, at)
                scope = described(scope, catalogue.described_by, at, self.faults, self.beside)
            self._check_url(raw.url, (*path, "url"))
            sides[name] = Side(name, raw.system, raw.url.rstrip("/"), scope)
        if len(sides) != 2:
            self.faults.add(("sides",), f"has {len(sides)} sides", "name exactly two", key=True)
        ok = len(sides) == 2 and all(raw.system in self.systems for raw in sides.values())
        return sides if ok else None

    def _check_scope(self, catalogue: Catalogue, scope: Mapping[str, str], path: Path) -> None:
        keys = catalogue.scope_keys
        for key, value in scope.items():
            if key not in keys:
                remedy = did_you_mean(key, keys, f"a scope here may say {listed(tuple(keys))}")
                what = f"{catalogue.title} has no scope {key!r}"
                self.faults.add((*path, key), what, remedy, key=True)
            elif not value:
                self.faults.add((*path, key), "is empty", "write a value, or leave the key out")
        for key, must in keys.items():
            if must and key not in scope:
                what = f"{catalogue.title} needs {key!r} in its scope"
                self.faults.add(path, what, f"add `{key}:`")

    def _check_url(self, url: str, path: Path) -> None:
        try:
            parts = urlsplit(url)
            local = parts.hostname in {"127.0.0.1", "localhost"}
            # What is no printable ASCII is read differently by each who reads it.
            fine = (
                parts.hostname
                and re.fullmatch(r"[!-~]+", url)
                and "\\" not in url
                and (parts.scheme == "https" or (local and parts.scheme == "http"))
            )
        except ValueError:
            self.faults.add(path, "is no web address", "write https://… of the system")
            return
        if not fine:
            self.faults.add(path, "is no secure web address", "write https://… of the system")
        elif parts.username or parts.password:
            self.faults.add(
                path, "holds a user name", "leave it out; credentials are in the secret"
            )
        elif parts.query or parts.fragment:
            self.faults.add(path, "holds more than an address", "end it before ? or #")

    def _births(self, fields: Fields) -> tuple[Birth, ...]:
        births = []
        for n, raw in enumerate(self.model.create):
            path: Path = ("create", n)
            if not fields.side(raw.from_, (*path, "from")):
                continue
            when = {}
            for name, test in raw.when.items():
                at = (*path, "when", name)
                spec = fields.named(raw.from_, name, at, key=True)
                if spec is not None:
                    when[spec.name] = compiled_test(test, spec, at, self.faults)
            births.append(Birth(raw.from_, when))
        return tuple(births)

    def _comments(self, fields: Fields) -> CommentsRule | None:
        raw, path = self.model.comments, ("comments",)
        if raw is None:
            return None
        try:
            found = set(names(raw.as_))
            strange = sorted(found - {"author", "body"})
            if strange:
                what = f"a comment has no {{{strange[0]}}}"
                self.faults.add((*path, "as"), what, "use {author} and {body}")
            elif "body" not in found:
                self.faults.add((*path, "as"), "leaves the comment's text out", "put {body} in it")
        except BadTemplate as wrong:
            self.faults.add((*path, "as"), "is no template", str(wrong))
        internal = fields.flow(raw.internal, (*path, "internal")) if raw.internal else ()
        return CommentsRule(fields.flow(raw.flow, (*path, "flow")), raw.as_, internal)

    def _attachments(self, fields: Fields) -> AttachmentsRule | None:
        raw = self.model.attachments
        if raw is None:
            return None
        targets = fields.flow(raw.flow, ("attachments", "flow"))
        return AttachmentsRule(targets, int(raw.max_mb * 1_000_000))

    def _defaults(self, fields: Fields) -> dict[str, dict[str, str]]:
        made: dict[str, dict[str, str]] = {}
        for side, texts in self.model.defaults.items():
            path: Path = ("defaults", side)
            if not fields.side(side, path, key=True):
                continue
            made[side] = {}
            for name, text in texts.items():
                spec = fields.target(side, name, (*path, name), key=True)
                if spec is not None:
                    filled = fields.template(fields.other(side), text, (*path, name))
                    made[side][spec.name] = filled
                    if filled == text and not names(text):
                        fields.check_value(spec, text, (*path, name))
        return made

    def _initial(self, order: tuple[str, str]) -> str:
        first, second = order
        text, known = self.model.initial, (f"prefer {first}", f"prefer {second}", "fill empty")
        if text not in known:
            self.faults.add(("initial",), f"{text!r} is not known", f"write {listed(known)}")
        return text.removeprefix("prefer ")

    def _policy(self, text: str, path: Path, order: tuple[str, str]) -> str:
        first, second = order
        known = ("newest", f"prefer {first}", f"prefer {second}", "hold")
        if text not in known:
            self.faults.add(path, f"{text!r} is not known", f"write {listed(known)}")
        return text.removeprefix("prefer ")

    def _rate(self, text: str, path: Path) -> int:
        found = _RATE.fullmatch(text)
        if found is None:
            self.faults.add(path, f"{text!r} is no rate", "write it as `500 per hour`")
        return int(found[1]) if found else 0

    def _check_targets(self, rules: list[FieldRule]) -> None:
        """Two rules that write one field would undo each other for ever."""
        seen: dict[tuple[str, str], str] = {}
        for n, rule in enumerate(rules):
            for side in rule.targets:
                field = (side, rule.names[side])
                if field in seen:
                    what = f"{side}.{field[1]} is written by another rule already"
                    self.faults.add(
                        self._path_of(rule, n),
                        what,
                        f"keep one of them, or give one a `flow`; the other is at {seen[field]}",
                    )
                seen.setdefault(field, rule.place)

    def _path_of(self, rule: FieldRule, n: int) -> Path:
        paths = [p for p in self.faults.places if len(p) == 2 and p[0] == "fields"]
        return next((p for p in paths if self.faults.at(p) == rule.place), ("fields", n))
