"""A link's state in DynamoDB: one table for a deployment, every key begins with the link's name.

    pk                            sk                     what
    <link>#twin#<key>             twin                   a twin
    <link>#twin#<key>             comment#<part key>     a comment's twin (attachment# likewise)
    <link>#twin#<key>             loss#<moment>#<field>  a value that a conflict gave up, for a year
    <link>#ticket#<side>#<id>     ticket                 the key of the ticket's twin
    <link>#side#<side>            cursor, pause          how far it is polled, why it is left alone
    <link>#side#<side>            note#<name>            what its system said last, its webhooks
    <link>#person#<side>          <e-mail, hashed>       who a person is there, for a while
    <link>#work                   <the work's name>      how far an operator's long work has come
    <link>#brake                  writes, deletes        how many there were, by five minutes
    <link>#bugs                   <digest of a text>     why a message failed, for a month
    <link>#asked                  <a question's name>    what became of it, for a day
    <link>#versions               <moment>#<name>        a version of the link that began then

The indexes `due`, `parked` and `twins` hold keys only; the first two only what is due or parked.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from tieline.domain.brake import BrakeKind, Counting, Tally
from tieline.domain.errors import Refused
from tieline.domain.marks import show
from tieline.domain.plan import Loss
from tieline.domain.twin import UNTIL_LIVE, PartTwin, Twin
from tieline.state.items import (
    FORM,
    Item,
    moment,
    number,
    part_item,
    read_part,
    read_tally,
    read_twin,
    text,
    twin_body,
)
from tieline.state.keys import Keys
from tieline.state.store import Bug, Counts, Cursor, GivenUp, Pause, Progress, Version
from tieline.state.table import Table

TRANSACTION = 90
"""Items that are written together; DynamoDB takes 100."""
BODY_LIMIT = 350_000
"""Bytes of a twin's body; an item holds 400 KB."""
LOSS_LIMIT = 180_000
"""Bytes of a lost value, and of the one that was kept."""
LOSS_KEPT = timedelta(days=365)
BUG_KEPT = timedelta(days=30)
"""A dead letter waits for a fortnight, and its change may have waited as long before."""
ANSWER_KEPT = timedelta(days=1)
_WHEN_LIVE: Item = {":live": text(moment(UNTIL_LIVE) or "")}


class DynamoStore:
    """The state of one link, behind `state.store.Store`. `client` is boto3's for DynamoDB."""

    def __init__(self, link: str, table: str, client: Any) -> None:
        self._keys = Keys(link)
        self._table = Table(table, client)

    def twin_key(self, side: str, id: str) -> str | None:
        item = self._table.get(self._keys.ticket(side, id))
        return item["twin"]["S"] if item else None

    def twin_keys(self, side: str, ids: Collection[str]) -> Mapping[str, str]:
        places = {self._keys.ticket(side, id)["pk"]["S"]: id for id in ids}
        items = self._table.get_all([self._keys.ticket(side, id) for id in places.values()])
        return {places[item["pk"]["S"]]: item["twin"]["S"] for item in items}

    def twin(self, key: str) -> Twin | None:
        item = self._table.get(self._keys.twin(key))
        return read_twin(item) if item else None

    def twins(self, keys: Collection[str]) -> Mapping[str, Twin]:
        items = self._table.get_all([self._keys.twin(key) for key in dict.fromkeys(keys)])
        found = [read_twin(item) for item in items]
        return {twin.key: twin for twin in found}

    def save(self, twin: Twin, parts: Sequence[PartTwin] = (), *, bind: bool = False) -> Twin:
        stored = replace(twin, revision=twin.revision + 1)
        body = twin_body(stored)
        if len(body.encode("utf-8", "replace")) > BODY_LIMIT:
            raise Refused(f"twin {twin.key} is too large to store")
        # Parts that do not fit one transaction go first: each is the same at every attempt, and
        # without the twin that goes last they are intents, which a retry takes up again.
        first, last = list(parts[:-TRANSACTION]), list(parts[-TRANSACTION:])
        for start in range(0, len(first), TRANSACTION):
            some = [self._put_part(twin.key, p) for p in first[start : start + TRANSACTION]]
            self._table.write(*self._still(twin), *some)
        writes = [self._put_twin(stored, body), *(self._put_part(twin.key, p) for p in last)]
        if bind or twin.revision == 0:
            writes += [
                self._put_ticket(twin.key, side, base.id)
                for side, base in twin.sides.items()
                if base.id
            ]
        self._table.write(*writes)
        return stored

    def record_loss(self, key: str, loss: Loss, at: datetime) -> None:
        item = {
            **self._keys.twin(key, f"loss#{moment(at)}#{loss.side}.{loss.field}"),
            "v": number(FORM),
            "side": text(loss.side),
            "field": text(loss.field),
            "lost": text(_whole(loss.lost)),
            "kept": text(_whole(loss.kept)),
            "policy": text(loss.policy),
            "expires": number(int((at + LOSS_KEPT).timestamp())),
        }
        self._table.write(self._table.putting(item))

    def losses(self, key: str) -> tuple[GivenUp, ...]:
        between = {":from": text("loss#"), ":to": text("loss$")}
        items = self._table.query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
            ExpressionAttributeValues={":pk": self._keys.twin(key)["pk"], **between},
            ConsistentRead=True,
        )
        return tuple(_given_up(item) for item in items)

    def release(self, twin: Twin) -> None:
        # Only the twin that we read: another worker may have begun with it meanwhile.
        read = _where("revision = :read", read=number(twin.revision))
        deletes = [self._table.deleting(self._keys.twin(twin.key), **read)]
        for side, base in twin.sides.items():
            if base.id:
                # Only our own: a ticket that was never bound may belong to another twin.
                ours = _where("attribute_not_exists(pk) OR twin = :twin", twin=text(twin.key))
                deletes.append(self._table.deleting(self._keys.ticket(side, base.id), **ours))
        # The ticket's next twin has the same key, and must not find parts of this one; those that
        # do not fit go before, since a twin without them only looks again for its copies.
        keys = [
            self._keys.twin(twin.key, f"{part.kind.value}#{part.key}")
            for part in self.parts(twin.key)
        ]
        for key in keys[:-TRANSACTION]:
            self._table.write(self._table.deleting(key))
        together = [self._table.deleting(key) for key in keys[-TRANSACTION:]]
        self._table.write(*deletes, *together)

    def parts(self, key: str) -> tuple[PartTwin, ...]:
        # Nothing else of a twin sorts between its attachments and its comments.
        between = {":from": text("attachment#"), ":to": text("comment$")}
        items = self._table.query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
            ExpressionAttributeValues={":pk": self._keys.twin(key)["pk"], **between},
            ConsistentRead=True,
        )
        return tuple(read_part(item) for item in items)

    def cursor(self, side: str) -> Cursor | None:
        item = self._table.get(self._keys.side(side, "cursor"))
        if item is None:
            return None
        revision, moved = int(item["revision"]["N"]), datetime.fromisoformat(item["moved"]["S"])
        return Cursor(side, item["position"]["S"], revision, moved)

    def move_cursor(self, cursor: Cursor) -> Cursor:
        moved = replace(cursor, revision=cursor.revision + 1)
        item = {
            **self._keys.side(cursor.side, "cursor"),
            "v": number(FORM),
            "position": text(cursor.position),
            "moved": text(cursor.moved.isoformat()),
            "revision": number(moved.revision),
        }
        # Only from where we read it: two polls at once must not move it backwards.
        self._table.write(self._if_revision(item, cursor.revision))
        return moved

    def progress(self, name: str) -> Progress | None:
        item = self._table.get(self._keys.work(name))
        if item is None:
            return None
        position, facts = json.loads(item["body"]["S"])
        return Progress(name, position, int(item["revision"]["N"]), facts)

    def save_progress(self, progress: Progress) -> Progress:
        saved = replace(progress, revision=progress.revision + 1)
        body = [progress.position, dict(progress.facts)]
        item = {
            **self._keys.work(progress.name),
            "v": number(FORM),
            "revision": number(saved.revision),
            "body": text(json.dumps(body, separators=(",", ":"))),
        }
        # Only from where we read it: two commands at once must not go on from each other's place.
        self._table.write(self._if_revision(item, progress.revision))
        return saved

    def drop_progress(self, progress: Progress) -> None:
        ours = "attribute_not_exists(pk) OR revision = :read"
        read = _where(ours, read=number(progress.revision))
        self._table.write(self._table.deleting(self._keys.work(progress.name), **read))

    def pause(self, side: str) -> Pause | None:
        item = self._table.get(self._keys.side(side, "pause"))
        if item is None:
            return None
        since, until = (datetime.fromisoformat(item[n]["S"]) for n in ("since", "until"))
        who = item["who"]["S"] if "who" in item else ""
        return Pause(side, since, until, item["kind"]["S"], item["reason"]["S"], who)

    def set_pause(self, pause: Pause) -> None:
        item = {
            **self._keys.side(pause.side, "pause"),
            "v": number(FORM),
            "since": text(pause.since.isoformat()),
            "until": text(pause.until.isoformat()),
            "kind": text(pause.kind),
            "reason": text(pause.reason),
            "who": text(pause.who),
        }
        item["stays"] = text("yes" if pause.stays else "no")
        # Not over a person's: what a process finds meanwhile must not end it by and by.
        free = _where("attribute_not_exists(pk) OR stays = :no", no=text("no"))
        self._table.write(self._table.putting(item, **({} if pause.stays else free)))

    def end_pause(self, side: str, since: datetime | None = None) -> None:
        key = self._keys.side(side, "pause")
        if since is None:
            self._table.write(self._table.deleting(key))
            return
        # Only the one that we read: a person may have paused the side meanwhile.
        held = _where("since = :since", since=text(since.isoformat()))
        self._table.write(self._table.deleting(key, **held))

    def tally(self, kind: BrakeKind) -> Tally:
        return read_tally(self._table.get(self._keys.brake(kind)) or {})

    def count(self, kind: BrakeKind, counting: Counting) -> Tally:
        adds = {"made": counting.total, **{f"s{s}": n for s, n in counting.adds.items()}}
        values = {f":{name}": number(added) for name, added in adds.items()}
        update = f"SET v = :v ADD {', '.join(f'{name} :{name}' for name in adds)}"
        if counting.forget:
            update += f" REMOVE {', '.join(f's{step}' for step in counting.forget)}"
        answer = self._table.update(self._keys.brake(kind), update, {":v": number(FORM), **values})
        return read_tally(answer["Attributes"])

    def let_through(self, kind: BrakeKind, free: int, until: datetime | None, who: str) -> None:
        update = "SET v = :v, let_to = :free, let_until = :until, let_by = :who"
        values = {":free": number(free), ":until": text(until.isoformat() if until else "")}
        given = {":v": number(FORM), **values, ":who": text(who)}
        self._table.update(self._keys.brake(kind), update, given)

    def note(self, side: str, name: str, words: str) -> None:
        body = {"v": number(FORM), "body": text(words)}
        item = {**self._keys.side(side, f"note#{name}"), **body}
        self._table.write(self._table.putting(item))

    def noted(self, side: str, name: str) -> str | None:
        item = self._table.get(self._keys.side(side, f"note#{name}"))
        return item["body"]["S"] if item else None

    def record_bug(self, bug: Bug) -> None:
        body = [bug.error, list(bug.where), bug.said, moment(bug.at), bug.receives]
        item = {
            **self._keys.bug(bug.digest),
            "v": number(FORM),
            "body": text(json.dumps(body, separators=(",", ":"))),
            "expires": number(int((bug.at + BUG_KEPT).timestamp())),
        }
        self._table.write(self._table.putting(item))

    def bugs(self) -> Mapping[str, Bug]:
        items = self._table.query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": self._keys.partition("bugs")},
            ConsistentRead=True,
        )
        found = {}
        for item in items:
            error, where, said, at, receives = json.loads(item["body"]["S"])
            digest, when = item["sk"]["S"], datetime.fromisoformat(at)
            found[digest] = Bug(digest, error, tuple(where), said, when, receives)
        return found

    def record_answer(self, asked: str, outcome: str, at: datetime) -> None:
        item = {
            **self._keys.asked(asked),
            "v": number(FORM),
            "outcome": text(outcome),
            "expires": number(int((at + ANSWER_KEPT).timestamp())),
        }
        self._table.write(self._table.putting(item))

    def answer(self, asked: str) -> str | None:
        item = self._table.get(self._keys.asked(asked))
        return item["outcome"]["S"] if item else None

    def due(self, now: datetime, limit: int) -> Sequence[Twin]:
        return self._indexed("due", limit, "due_at < :now", {":now": text(f"{moment(now)}#~")})

    def parked(self, limit: int, after: tuple[str, datetime] | None = None) -> Sequence[Twin]:
        if after is None:
            return self._indexed("parked", limit)
        key, since = after
        values = {":after": text(f"{moment(since)}#{key}")}
        return self._indexed("parked", limit, "parked_at > :after", values)

    def all_twins(self) -> Iterator[Twin]:
        for item in self._index_keys("twins", None, "", {}):
            twin = self._table.get({"pk": item["pk"], "sk": item["sk"]})
            if twin is not None:
                yield read_twin(twin)

    def page(self, limit: int, after: str | None = None) -> tuple[Sequence[Twin], str | None]:
        twins_pk = self._keys.partition("twins")
        query: dict[str, Any] = {
            "IndexName": "twins",
            "KeyConditionExpression": "twins_pk = :pk",
            "ExpressionAttributeValues": {":pk": twins_pk},
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = {**self._keys.twin(after), "twins_pk": twins_pk}
        answer = self._table.page(**query)
        items = self._table.get_all([{"pk": one["pk"], "sk": one["sk"]} for one in answer["Items"]])
        last = answer.get("LastEvaluatedKey")
        following = _twin_of(last) if last else None
        return [read_twin(item) for item in items], following

    def counts(self) -> Counts:
        return Counts(self._count("twins"), self._count("parked"), self._count("due"))

    def keys_after(self, after: str, limit: int) -> Sequence[str]:
        start: Item = {}
        if after:
            place = {**self._keys.twin(after), "twins_pk": self._keys.partition("twins")}
            start = {"ExclusiveStartKey": place}
        found = self._index_keys("twins", limit, "", {}, start)
        return [_twin_of(item) for item in found]

    def planned(self, limit: int) -> Sequence[Twin]:
        return self._indexed("due", limit, "due_at >= :live", _WHEN_LIVE)

    def count_planned(self) -> int:
        return self._count("due", "due_at >= :live", _WHEN_LIVE)

    def record_version(self, version: Version) -> None:
        sk = f"{moment(version.since)}#{version.name}"
        compiled, source = _packed(version.compiled), _packed(version.source)
        if len(compiled) + len(source) > BODY_LIMIT:
            raise Refused(f"version {version.name} is too large to store")
        item = {
            **self._keys.version(sk),
            "v": number(FORM),
            "compiled": text(compiled),
            "source": text(source),
        }
        self._table.write(self._if_revision(item, 0))

    def versions(self, limit: int, before: datetime | None = None) -> Sequence[Version]:
        values = {":pk": self._keys.partition("versions")}
        condition = "pk = :pk"
        if before is not None:
            condition, values[":before"] = "pk = :pk AND sk < :before", text(moment(before) or "")
        items = self._table.query(
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit,
        )
        return [_version(item) for item in islice(items, limit)]

    def people(self, side: str, emails: Iterable[str], now: datetime) -> Mapping[str, str | None]:
        found: dict[str, str | None] = {}
        for email in emails:
            item = self._table.get(self._keys.person(side, email))
            if item is not None and int(item["expires"]["N"]) > now.timestamp():
                found[email] = item["id"]["S"] or None
        return found

    def remember_person(self, side: str, email: str, id: str | None, expires: datetime) -> None:
        item = {
            **self._keys.person(side, email),
            "v": number(FORM),
            "id": text(id or ""),
            "expires": number(int(expires.timestamp())),
        }
        self._table.write(self._table.putting(item))

    def _put_twin(self, twin: Twin, body: str) -> Item:
        item: Item = {
            **self._keys.twin(twin.key),
            "v": number(FORM),
            "key": text(twin.key),
            "revision": number(twin.revision),
            "state": text(twin.state.value),
            "body": text(body),
            "twins_pk": self._keys.partition("twins"),
        }
        if twin.due_at is not None:
            item["due_pk"] = self._keys.partition("due")
            item["due_at"] = text(f"{moment(twin.due_at)}#{twin.key}")
        if twin.parked is not None:
            item["parked_pk"] = self._keys.partition("parked")
            item["parked_at"] = text(f"{moment(twin.parked.since)}#{twin.key}")
        # Only over the revision that we read: another worker may have settled this twin.
        return self._if_revision(item, twin.revision - 1)

    def _still(self, twin: Twin) -> list[Item]:
        # Only while the twin is the one that we read: a loser must not write over a winner's parts.
        if twin.revision == 0:
            return []
        read = _where("revision = :read", read=number(twin.revision))
        return [self._table.checking(self._keys.twin(twin.key), **read)]

    def _if_revision(self, item: Item, read: int) -> Item:
        if read == 0:
            return self._table.putting(item, **_where("attribute_not_exists(pk)"))
        return self._table.putting(item, **_where("revision = :read", read=number(read)))

    def _put_part(self, key: str, part: PartTwin) -> Item:
        item = {**self._keys.twin(key, f"{part.kind.value}#{part.key}"), **part_item(part)}
        return self._table.putting(item)

    def _put_ticket(self, key: str, side: str, id: str) -> Item:
        # A ticket belongs to one twin: a second birth of it must lose.
        item = {**self._keys.ticket(side, id), "v": number(FORM), "twin": text(key)}
        ours = _where("attribute_not_exists(pk) OR twin = :twin", twin=text(key))
        return self._table.putting(item, **ours)

    def _index_keys(
        self, index: str, limit: int | None, condition: str, values: Item, start: Item | None = None
    ) -> Iterator[Item]:
        query = {**self._in_index(index, condition, values), **(start or {})}
        if limit is not None:
            query["Limit"] = limit
        return islice(self._table.query(**query), limit)

    def _indexed(
        self, index: str, limit: int, condition: str = "", values: Item | None = None
    ) -> Sequence[Twin]:
        """The twins of a sparse index, oldest first; read again, since an index lags behind."""
        listed = self._index_keys(index, limit, condition, values or {})
        items = self._table.get_all([{"pk": key["pk"], "sk": key["sk"]} for key in listed])
        return [read_twin(item) for item in items if f"{index}_pk" in item]

    def _count(self, index: str, condition: str = "", values: Item | None = None) -> int:
        query = self._in_index(index, condition, values or {})
        return sum(int(page["Count"]) for page in self._table.pages(Select="COUNT", **query))

    def _in_index(self, index: str, condition: str, values: Item) -> Item:
        """A query of an index, with a condition on its sort key if there is one."""
        return {
            "IndexName": index,
            "KeyConditionExpression": f"{index}_pk = :pk" + (f" AND {condition}" * bool(condition)),
            "ExpressionAttributeValues": {":pk": self._keys.partition(index), **values},
        }


def _where(condition: str, **values: Item) -> Item:
    """A condition of a write, with its values by name."""
    if not values:
        return {"ConditionExpression": condition}
    named = {f":{name}": value for name, value in values.items()}
    return {"ConditionExpression": condition, "ExpressionAttributeValues": named}


def _twin_of(item: Item) -> str:
    """The key of the twin that an item of an index names."""
    return str(item["pk"]["S"]).rpartition("#twin#")[2]


def _given_up(item: Item) -> GivenUp:
    at = datetime.fromisoformat(item["sk"]["S"].split("#")[1])
    side, field, lost, kept, policy = (
        item[name]["S"] for name in ("side", "field", "lost", "kept", "policy")
    )
    return GivenUp(at, side, field, lost, kept, policy)


def _packed(whole: str) -> str:
    """A text, deflated: a link of 10 KB takes 3."""
    return base64.b64encode(zlib.compress(whole.encode("utf-8", "replace"), 9)).decode()


def _unpacked(packed: str) -> str:
    return zlib.decompress(base64.b64decode(packed)).decode()


def _version(item: Item) -> Version:
    since, _, name = item["sk"]["S"].partition("#")
    compiled, source = (_unpacked(item[name]["S"]) for name in ("compiled", "source"))
    return Version(name, datetime.fromisoformat(since), compiled, source)


def _whole(value: Any) -> str:
    """A lost value, as whole as an item can hold two."""
    shown = value if isinstance(value, str) else json.dumps(show(value))
    return shown.encode("utf-8", "replace")[:LOSS_LIMIT].decode(errors="ignore")
