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
import hashlib
import json
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.brake import BrakeKind, Counting, Tally
from tieline.domain.errors import Refused, Stale, Transient
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
from tieline.state.store import Bug, Counts, Cursor, GivenUp, Pause, Progress, Version

T = TypeVar("T")
TRANSACTION = 90
"""Items that are written together; DynamoDB takes 100."""
READ_AT_ONCE, READ_TRIES = 100, 5
"""Items of one BatchGetItem, and how often what it leaves out (beyond 16 MB) is asked for."""
BODY_LIMIT = 350_000
"""Bytes of a twin's body; an item holds 400 KB."""
LOSS_LIMIT = 180_000
"""Bytes of a lost value, and of the one that was kept."""
LOSS_KEPT = timedelta(days=365)
BUG_KEPT = timedelta(days=30)
"""A dead letter waits for a fortnight, and its change may have waited as long before."""
ANSWER_KEPT = timedelta(days=1)
_WHEN_LIVE: Item = {":live": text(moment(UNTIL_LIVE) or "")}
_STALE = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})


class DynamoStore:
    """The state of one link, behind `state.store.Store`. `client` is boto3's for DynamoDB."""

    def __init__(self, link: str, table: str, client: Any) -> None:
        self._link = link
        self._table = table
        self._client = client

    def twin_key(self, side: str, id: str) -> str | None:
        item = self._get(self._ticket_key(side, id))
        return item["twin"]["S"] if item else None

    def twin_keys(self, side: str, ids: Collection[str]) -> Mapping[str, str]:
        places = {self._ticket_key(side, id)["pk"]["S"]: id for id in ids}
        items = self._get_all([self._ticket_key(side, id) for id in places.values()])
        return {places[item["pk"]["S"]]: item["twin"]["S"] for item in items}

    def twin(self, key: str) -> Twin | None:
        item = self._get(self._twin_key(key))
        return read_twin(item) if item else None

    def twins(self, keys: Collection[str]) -> Mapping[str, Twin]:
        items = self._get_all([self._twin_key(key) for key in dict.fromkeys(keys)])
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
            self._write([*self._still(twin), *some])
        writes = [self._put_twin(stored, body), *(self._put_part(twin.key, p) for p in last)]
        if bind or twin.revision == 0:
            writes += [
                self._put_ticket(twin.key, side, base.id)
                for side, base in twin.sides.items()
                if base.id
            ]
        self._write(writes)
        return stored

    def record_loss(self, key: str, loss: Loss, at: datetime) -> None:
        item = {
            **self._twin_key(key, f"loss#{moment(at)}#{loss.side}.{loss.field}"),
            "v": number(FORM),
            "side": text(loss.side),
            "field": text(loss.field),
            "lost": text(_whole(loss.lost)),
            "kept": text(_whole(loss.kept)),
            "policy": text(loss.policy),
            "expires": number(int((at + LOSS_KEPT).timestamp())),
        }
        self._call(lambda: self._client.put_item(TableName=self._table, Item=item))

    def losses(self, key: str) -> tuple[GivenUp, ...]:
        between = {":from": text("loss#"), ":to": text("loss$")}
        items = self._query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
            ExpressionAttributeValues={":pk": self._twin_key(key)["pk"], **between},
            ConsistentRead=True,
        )
        return tuple(_given_up(item) for item in items)

    def release(self, twin: Twin) -> None:
        # Only the twin that we read: another worker may have begun with it meanwhile.
        deletes: list[Item] = [
            {
                "Delete": {
                    "TableName": self._table,
                    "Key": self._twin_key(twin.key),
                    "ConditionExpression": "revision = :read",
                    "ExpressionAttributeValues": {":read": number(twin.revision)},
                }
            }
        ]
        for side, base in twin.sides.items():
            if base.id:
                # Only our own: a ticket that was never bound may belong to another twin.
                ours = {
                    "ConditionExpression": "attribute_not_exists(pk) OR twin = :twin",
                    "ExpressionAttributeValues": {":twin": text(twin.key)},
                }
                key = self._ticket_key(side, base.id)
                deletes.append({"Delete": {"TableName": self._table, "Key": key, **ours}})
        # The ticket's next twin has the same key, and must not find parts of this one; those that
        # do not fit go before, since a twin without them only looks again for its copies.
        keys = [
            self._twin_key(twin.key, f"{part.kind.value}#{part.key}")
            for part in self.parts(twin.key)
        ]
        for key in keys[:-TRANSACTION]:
            self._delete(key)
        together = [{"Delete": {"TableName": self._table, "Key": k}} for k in keys[-TRANSACTION:]]
        self._write([*deletes, *together])

    def parts(self, key: str) -> tuple[PartTwin, ...]:
        # Nothing else of a twin sorts between its attachments and its comments.
        between = {":from": text("attachment#"), ":to": text("comment$")}
        items = self._query(
            KeyConditionExpression="pk = :pk AND sk BETWEEN :from AND :to",
            ExpressionAttributeValues={":pk": self._twin_key(key)["pk"], **between},
            ConsistentRead=True,
        )
        return tuple(read_part(item) for item in items)

    def cursor(self, side: str) -> Cursor | None:
        item = self._get(self._side_key(side, "cursor"))
        if item is None:
            return None
        revision, moved = int(item["revision"]["N"]), datetime.fromisoformat(item["moved"]["S"])
        return Cursor(side, item["position"]["S"], revision, moved)

    def move_cursor(self, cursor: Cursor) -> Cursor:
        moved = replace(cursor, revision=cursor.revision + 1)
        item = {
            **self._side_key(cursor.side, "cursor"),
            "v": number(FORM),
            "position": text(cursor.position),
            "moved": text(cursor.moved.isoformat()),
            "revision": number(moved.revision),
        }
        # Only from where we read it: two polls at once must not move it backwards.
        self._write([{"Put": self._if_revision(item, cursor.revision)}])
        return moved

    def progress(self, name: str) -> Progress | None:
        item = self._get(self._work_key(name))
        if item is None:
            return None
        position, facts = json.loads(item["body"]["S"])
        return Progress(name, position, int(item["revision"]["N"]), facts)

    def save_progress(self, progress: Progress) -> Progress:
        saved = replace(progress, revision=progress.revision + 1)
        body = [progress.position, dict(progress.facts)]
        item = {
            **self._work_key(progress.name),
            "v": number(FORM),
            "revision": number(saved.revision),
            "body": text(json.dumps(body, separators=(",", ":"))),
        }
        # Only from where we read it: two commands at once must not go on from each other's place.
        self._write([{"Put": self._if_revision(item, progress.revision)}])
        return saved

    def drop_progress(self, progress: Progress) -> None:
        delete: Item = {
            "TableName": self._table,
            "Key": self._work_key(progress.name),
            "ConditionExpression": "attribute_not_exists(pk) OR revision = :read",
            "ExpressionAttributeValues": {":read": number(progress.revision)},
        }
        self._call(lambda: self._client.delete_item(**delete))

    def pause(self, side: str) -> Pause | None:
        item = self._get(self._side_key(side, "pause"))
        if item is None:
            return None
        since, until = (datetime.fromisoformat(item[n]["S"]) for n in ("since", "until"))
        who = item["who"]["S"] if "who" in item else ""
        return Pause(side, since, until, item["kind"]["S"], item["reason"]["S"], who)

    def set_pause(self, pause: Pause) -> None:
        item = {
            **self._side_key(pause.side, "pause"),
            "v": number(FORM),
            "since": text(pause.since.isoformat()),
            "until": text(pause.until.isoformat()),
            "kind": text(pause.kind),
            "reason": text(pause.reason),
            "who": text(pause.who),
        }
        item["stays"] = text("yes" if pause.stays else "no")
        put: Item = {"TableName": self._table, "Item": item}
        if not pause.stays:
            # Not over a person's: what a process finds meanwhile must not end it by and by.
            put["ConditionExpression"] = "attribute_not_exists(pk) OR stays = :no"
            put["ExpressionAttributeValues"] = {":no": text("no")}
        self._write([{"Put": put}])

    def end_pause(self, side: str, since: datetime | None = None) -> None:
        key = self._side_key(side, "pause")
        if since is None:
            self._delete(key)
            return
        # Only the one that we read: a person may have paused the side meanwhile.
        held = {":since": text(since.isoformat())}
        delete: Item = {"TableName": self._table, "Key": key, "ExpressionAttributeValues": held}
        delete["ConditionExpression"] = "since = :since"
        self._call(lambda: self._client.delete_item(**delete))

    def tally(self, kind: BrakeKind) -> Tally:
        return read_tally(self._get(self._brake_key(kind)) or {})

    def count(self, kind: BrakeKind, counting: Counting) -> Tally:
        adds = {"made": counting.total, **{f"s{s}": n for s, n in counting.adds.items()}}
        values = {f":{name}": number(added) for name, added in adds.items()}
        update = f"SET v = :v ADD {', '.join(f'{name} :{name}' for name in adds)}"
        if counting.forget:
            update += f" REMOVE {', '.join(f's{step}' for step in counting.forget)}"
        answer = self._update(self._brake_key(kind), update, {":v": number(FORM), **values})
        return read_tally(answer["Attributes"])

    def let_through(self, kind: BrakeKind, free: int, until: datetime | None, who: str) -> None:
        update = "SET v = :v, let_to = :free, let_until = :until, let_by = :who"
        values = {":free": number(free), ":until": text(until.isoformat() if until else "")}
        given = {":v": number(FORM), **values, ":who": text(who)}
        self._update(self._brake_key(kind), update, given)

    def note(self, side: str, name: str, words: str) -> None:
        body = {"v": number(FORM), "body": text(words)}
        item = {**self._side_key(side, f"note#{name}"), **body}
        self._write([{"Put": {"TableName": self._table, "Item": item}}])

    def noted(self, side: str, name: str) -> str | None:
        item = self._get(self._side_key(side, f"note#{name}"))
        return item["body"]["S"] if item else None

    def record_bug(self, bug: Bug) -> None:
        body = [bug.error, list(bug.where), bug.said, moment(bug.at), bug.receives]
        item = {
            **self._bug_key(bug.digest),
            "v": number(FORM),
            "body": text(json.dumps(body, separators=(",", ":"))),
            "expires": number(int((bug.at + BUG_KEPT).timestamp())),
        }
        self._write([{"Put": {"TableName": self._table, "Item": item}}])

    def bugs(self) -> Mapping[str, Bug]:
        items = self._query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": self._bug_key("")["pk"]},
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
            **self._asked_key(asked),
            "v": number(FORM),
            "outcome": text(outcome),
            "expires": number(int((at + ANSWER_KEPT).timestamp())),
        }
        self._write([{"Put": {"TableName": self._table, "Item": item}}])

    def answer(self, asked: str) -> str | None:
        item = self._get(self._asked_key(asked))
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
            twin = self._get({"pk": item["pk"], "sk": item["sk"]})
            if twin is not None:
                yield read_twin(twin)

    def page(self, limit: int, after: str | None = None) -> tuple[Sequence[Twin], str | None]:
        twins_pk = text(f"{self._link}#twins")
        query: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": "twins",
            "KeyConditionExpression": "twins_pk = :pk",
            "ExpressionAttributeValues": {":pk": twins_pk},
            "Limit": limit,
        }
        if after is not None:
            query["ExclusiveStartKey"] = {**self._twin_key(after), "twins_pk": twins_pk}
        answer = self._call(lambda: self._client.query(**query))
        items = self._get_all([{"pk": one["pk"], "sk": one["sk"]} for one in answer["Items"]])
        last = answer.get("LastEvaluatedKey")
        following = last["pk"]["S"].removeprefix(f"{self._link}#twin#") if last else None
        return [read_twin(item) for item in items], following

    def counts(self) -> Counts:
        return Counts(self._count("twins"), self._count("parked"), self._count("due"))

    def keys_after(self, after: str, limit: int) -> Sequence[str]:
        start: Item = {}
        if after:
            place = {**self._twin_key(after), "twins_pk": text(f"{self._link}#twins")}
            start = {"ExclusiveStartKey": place}
        found = self._index_keys("twins", limit, "", {}, start)
        return [item["pk"]["S"].rpartition("#twin#")[2] for item in found]

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
            "pk": text(f"{self._link}#versions"),
            "sk": text(sk),
            "v": number(FORM),
            "compiled": text(compiled),
            "source": text(source),
        }
        self._write([{"Put": self._if_revision(item, 0)}])

    def versions(self, limit: int, before: datetime | None = None) -> Sequence[Version]:
        values = {":pk": text(f"{self._link}#versions")}
        condition = "pk = :pk"
        if before is not None:
            condition, values[":before"] = "pk = :pk AND sk < :before", text(moment(before) or "")
        items = self._query(
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
            item = self._get(self._person_key(side, email))
            if item is not None and int(item["expires"]["N"]) > now.timestamp():
                found[email] = item["id"]["S"] or None
        return found

    def remember_person(self, side: str, email: str, id: str | None, expires: datetime) -> None:
        item = {
            **self._person_key(side, email),
            "v": number(FORM),
            "id": text(id or ""),
            "expires": number(int(expires.timestamp())),
        }
        self._call(lambda: self._client.put_item(TableName=self._table, Item=item))

    def _twin_key(self, key: str, sk: str = "twin") -> Item:
        return {"pk": text(f"{self._link}#twin#{key}"), "sk": text(sk)}

    def _ticket_key(self, side: str, id: str) -> Item:
        return {"pk": text(f"{self._link}#ticket#{side}#{id}"), "sk": text("ticket")}

    def _side_key(self, side: str, sk: str) -> Item:
        return {"pk": text(f"{self._link}#side#{side}"), "sk": text(sk)}

    def _work_key(self, name: str) -> Item:
        return {"pk": text(f"{self._link}#work"), "sk": text(name)}

    def _brake_key(self, kind: BrakeKind) -> Item:
        return {"pk": text(f"{self._link}#brake"), "sk": text(kind)}

    def _bug_key(self, digest: str) -> Item:
        return {"pk": text(f"{self._link}#bugs"), "sk": text(digest)}

    def _asked_key(self, asked: str) -> Item:
        return {"pk": text(f"{self._link}#asked"), "sk": text(asked)}

    def _person_key(self, side: str, email: str) -> Item:
        digest = hashlib.sha256(email.encode()).hexdigest()
        return {"pk": text(f"{self._link}#person#{side}"), "sk": text(digest)}

    def _put_twin(self, twin: Twin, body: str) -> Item:
        item: Item = {
            **self._twin_key(twin.key),
            "v": number(FORM),
            "key": text(twin.key),
            "revision": number(twin.revision),
            "state": text(twin.state.value),
            "body": text(body),
            "twins_pk": text(f"{self._link}#twins"),
        }
        if twin.due_at is not None:
            item["due_pk"] = text(f"{self._link}#due")
            item["due_at"] = text(f"{moment(twin.due_at)}#{twin.key}")
        if twin.parked is not None:
            item["parked_pk"] = text(f"{self._link}#parked")
            item["parked_at"] = text(f"{moment(twin.parked.since)}#{twin.key}")
        # Only over the revision that we read: another worker may have settled this twin.
        return {"Put": self._if_revision(item, twin.revision - 1)}

    def _still(self, twin: Twin) -> list[Item]:
        # Only while the twin is the one that we read: a loser must not write over a winner's parts.
        if twin.revision == 0:
            return []
        check = {
            "TableName": self._table,
            "Key": self._twin_key(twin.key),
            "ConditionExpression": "revision = :read",
            "ExpressionAttributeValues": {":read": number(twin.revision)},
        }
        return [{"ConditionCheck": check}]

    def _if_revision(self, item: Item, read: int) -> Item:
        if read == 0:
            condition = {"ConditionExpression": "attribute_not_exists(pk)"}
            return {"TableName": self._table, "Item": item, **condition}
        return {
            "TableName": self._table,
            "Item": item,
            "ConditionExpression": "revision = :read",
            "ExpressionAttributeValues": {":read": number(read)},
        }

    def _put_part(self, key: str, part: PartTwin) -> Item:
        item = {**self._twin_key(key, f"{part.kind.value}#{part.key}"), **part_item(part)}
        return {"Put": {"TableName": self._table, "Item": item}}

    def _put_ticket(self, key: str, side: str, id: str) -> Item:
        # A ticket belongs to one twin: a second birth of it must lose.
        return {
            "Put": {
                "TableName": self._table,
                "Item": {**self._ticket_key(side, id), "v": number(FORM), "twin": text(key)},
                "ConditionExpression": "attribute_not_exists(pk) OR twin = :twin",
                "ExpressionAttributeValues": {":twin": text(key)},
            }
        }

    def _write(self, writes: Sequence[Item]) -> None:
        """One item by a plain put, several by a transaction."""
        if len(writes) == 1 and "Put" in writes[0]:
            self._call(lambda: self._client.put_item(**writes[0]["Put"]))
        elif writes:
            items = list(writes)
            self._call(lambda: self._client.transact_write_items(TransactItems=items))

    def _get(self, key: Item) -> Item | None:
        answer = self._call(
            lambda: self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        )
        item: Item | None = answer.get("Item")
        return item

    def _get_all(self, keys: Sequence[Item]) -> list[Item]:
        """The items of these keys that there are, in the order of the keys."""
        found: dict[tuple[str, str], Item] = {}
        for start in range(0, len(keys), READ_AT_ONCE):
            asked: Any = {self._table: {"Keys": keys[start : start + READ_AT_ONCE]}}
            for _ in range(READ_TRIES):
                for table in asked.values():
                    table["ConsistentRead"] = True
                answer = self._call(lambda a=asked: self._client.batch_get_item(RequestItems=a))  # type: ignore[misc]
                items = answer["Responses"].get(self._table, [])
                found |= {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise Transient("DynamoDB BatchGetItem left items unread")
        named = [(key["pk"]["S"], key["sk"]["S"]) for key in keys]
        return [found[name] for name in named if name in found]

    def _delete(self, key: Item) -> None:
        self._call(lambda: self._client.delete_item(TableName=self._table, Key=key))

    def _update(self, key: Item, update: str, values: Item) -> Item:
        """An update's answer, with the item as it is then."""
        answer: Item = self._call(
            lambda: self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=update,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        )
        return answer

    def _query(self, **query: Any) -> Iterator[Item]:
        start: Item = {}
        while True:
            arguments = {**query, **start}
            page = self._call(
                lambda a=arguments: self._client.query(TableName=self._table, **a)  # type: ignore[misc]
            )
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _index_keys(
        self,
        index: str,
        limit: int | None,
        condition: str,
        values: Item,
        start: Item | None = None,
    ) -> Iterator[Item]:
        query: dict[str, Any] = {
            "IndexName": index,
            "KeyConditionExpression": f"{index}_pk = :pk" + (f" AND {condition}" * bool(condition)),
            "ExpressionAttributeValues": {":pk": text(f"{self._link}#{index}"), **values},
            **(start or {}),
        }
        if limit is not None:
            query["Limit"] = limit
        for count, item in enumerate(self._query(**query)):
            if limit is not None and count >= limit:
                return
            yield item

    def _indexed(
        self, index: str, limit: int, condition: str = "", values: Item | None = None
    ) -> Sequence[Twin]:
        """The twins of a sparse index, oldest first; read again, since an index lags behind."""
        listed = self._index_keys(index, limit, condition, values or {})
        items = self._get_all([{"pk": key["pk"], "sk": key["sk"]} for key in listed])
        return [read_twin(item) for item in items if f"{index}_pk" in item]

    def _count(self, index: str, condition: str = "", values: Item | None = None) -> int:
        total = 0
        start: Item = {}
        while True:
            arguments = {
                "TableName": self._table,
                "IndexName": index,
                "KeyConditionExpression": f"{index}_pk = :pk"
                + (f" AND {condition}" * bool(condition)),
                "ExpressionAttributeValues": {
                    ":pk": text(f"{self._link}#{index}"),
                    **(values or {}),
                },
                "Select": "COUNT",
                **start,
            }
            page = self._call(lambda a=arguments: self._client.query(**a))  # type: ignore[misc]
            total += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                return total
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _call(self, call: Callable[[], Any]) -> Any:
        """The answer of one call.

        Raises Stale for a condition, Transient for all else but a request that DynamoDB does not
        understand: that is a bug, and ClientError says so.
        """
        try:
            return call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            reasons = {r.get("Code") for r in error.response.get("CancellationReasons", [])}
            failed = reasons & {"ConditionalCheckFailed", "TransactionConflict"}
            if code in _STALE or (code == "TransactionCanceledException" and failed):
                raise Stale(f"DynamoDB {error.operation_name}: the condition failed") from None
            if code == "ValidationException" or "ValidationError" in reasons:
                raise
            raise Transient(f"DynamoDB {error.operation_name} answered {code}") from None
        except BotoCoreError as error:
            raise Transient(f"DynamoDB gave no answer ({type(error).__name__})") from None


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
