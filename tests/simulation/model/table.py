"""DynamoDB as far as the store uses it, in memory: boto3's client in a few methods.

tests/contract/state/test_memory_table.py holds it against moto.
"""

# ruff: noqa: N803 - boto3 names its arguments so

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError
from simulation.model.network import Network

Item = dict[str, Any]
Stored = Callable[[Item | None, Item], None]
_EQUALS = re.compile(r"(\w+) = (:\w+)")
_BETWEEN = re.compile(r"(\w+) BETWEEN (:\w+) AND (:\w+)")
_LESS = re.compile(r"(\w+) < (:\w+)")
_FROM = re.compile(r"(\w+) >= (:\w+)")
_CLAUSE = re.compile(r"\s*(?=\b(?:SET|ADD|REMOVE) )")
_FAILED = "ConditionalCheckFailed"


class MemoryTable:
    """One table. Without a network its calls take no time and never fail.

    `stored` is told of each item that is put, and of the one that it replaces.
    """

    def __init__(self, network: Network | None = None, stored: Stored = lambda _, __: None) -> None:
        self._network = network
        self._stored = stored
        self.items: dict[tuple[str, str], Item] = {}

    def get_item(self, *, Key: Item, **_: Any) -> Item:
        def effect() -> Item:
            item = self.items.get(_name(Key))
            return {} if item is None else {"Item": deepcopy(item)}

        return self._call("GetItem", effect)

    def batch_get_item(self, *, RequestItems: Item) -> Item:
        def effect() -> Item:
            ((table, asked),) = RequestItems.items()
            names = [_name(key) for key in asked["Keys"]]
            if len(set(names)) != len(names) or len(names) > 100:
                raise _error("ValidationException", "BatchGetItem")
            found = [deepcopy(self.items[name]) for name in names if name in self.items]
            return {"Responses": {table: found}, "UnprocessedKeys": {}}

        return self._call("BatchGetItem", effect)

    def put_item(self, *, Item: Item, **put: Any) -> Item:
        def effect() -> dict[str, Any]:
            if not self._holds(Item, put):
                raise _error("ConditionalCheckFailedException", "PutItem")
            self._put(Item)
            return {}

        return self._call("PutItem", effect, saves=_is_twin(Item))

    def update_item(
        self, *, Key: Item, UpdateExpression: str, ExpressionAttributeValues: Item, **_: Any
    ) -> Item:
        def effect() -> Item:
            item = self.items.setdefault(_name(Key), deepcopy(Key))
            _update(item, UpdateExpression, ExpressionAttributeValues)
            return {"Attributes": deepcopy(item)}

        return self._call("UpdateItem", effect)

    def delete_item(self, *, Key: Item, **delete: Any) -> Item:
        def effect() -> Item:
            if not self._holds(Key, delete):
                raise _error("ConditionalCheckFailedException", "DeleteItem")
            self.items.pop(_name(Key), None)
            return {}

        return self._call("DeleteItem", effect)

    def transact_write_items(self, *, TransactItems: list[Item], **_: Any) -> Item:
        def effect() -> Item:
            writes = [next(iter(write.items())) for write in TransactItems]
            names = [_name(w.get("Item") or w["Key"]) for _, w in writes]
            if len(set(names)) != len(names) or len(names) > 100:
                raise _error("ValidationException", "TransactWriteItems")
            holds = [self._holds(w.get("Item") or w["Key"], w) for _, w in writes]
            if not all(holds):
                reasons = [{"Code": "None" if held else _FAILED} for held in holds]
                raise _error("TransactionCanceledException", "TransactWriteItems", reasons)
            for (kind, write), name in zip(writes, names, strict=True):
                if kind == "Put":
                    self._put(write["Item"])
                elif kind == "Delete":
                    self.items.pop(name, None)
            return {}

        puts = [write["Put"]["Item"] for write in TransactItems if "Put" in write]
        return self._call("TransactWriteItems", effect, saves=any(map(_is_twin, puts)))

    def query(
        self,
        *,
        KeyConditionExpression: str,
        ExpressionAttributeValues: Item,
        IndexName: str = "",
        Limit: int | None = None,
        Select: str = "",
        ScanIndexForward: bool = True,
        ExclusiveStartKey: Item | None = None,
        **_: Any,
    ) -> Item:
        def place(item: Item, range_key: str) -> tuple[str, str]:
            return item[range_key]["S"], item["pk"]["S"]

        def effect() -> Item:
            hash_key = f"{IndexName}_pk" if IndexName else "pk"
            range_key = {"due": "due_at", "parked": "parked_at"}.get(IndexName, "sk")
            wanted = [
                item
                for item in self.items.values()
                if hash_key in item
                and _meets(KeyConditionExpression, item, ExpressionAttributeValues)
            ]
            wanted.sort(key=lambda item: place(item, range_key), reverse=not ScanIndexForward)
            if ExclusiveStartKey is not None:
                start = place(ExclusiveStartKey, range_key)
                wanted = [item for item in wanted if place(item, range_key) > start]
            found = wanted[:Limit]
            if Select == "COUNT":
                return {"Count": len(found)}
            return {"Items": deepcopy(found), "Count": len(found)}

        return self._call("Query", effect)

    def _holds(self, item: Item, write: Mapping[str, Any]) -> bool:
        condition = write.get("ConditionExpression")
        if condition is None:
            return True
        stored = self.items.get(_name(item))
        values = write.get("ExpressionAttributeValues", {})
        return any(_one(part, stored, values) for part in condition.split(" OR "))

    def _put(self, item: Item) -> None:
        name = _name(item)
        self._stored(self.items.get(name), item)
        self.items[name] = deepcopy(item)

    def _call(self, operation: str, effect: Callable[[], Item], *, saves: bool = False) -> Item:
        if self._network is None:
            return effect()
        return self._network.call(
            "dynamodb",
            operation,
            effect,
            lambda _: ConnectionClosedError(endpoint_url=operation),
            saves=saves,
        )


def _name(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def _is_twin(item: Item) -> bool:
    return bool(item["sk"]["S"] == "twin")


def _one(condition: str, stored: Item | None, values: Item) -> bool:
    if condition == "attribute_not_exists(pk)":
        return stored is None
    found = _EQUALS.fullmatch(condition)
    assert found, condition
    return stored is not None and stored.get(found[1]) == values[found[2]]


def _update(item: Item, expression: str, values: Item) -> None:
    """SET, ADD and REMOVE of attributes, in place."""
    for clause in _CLAUSE.split(expression)[1:]:
        verb, _, rest = clause.partition(" ")
        for one in rest.strip().split(", "):
            name, value = one.split(" ")[0], one.split(" ")[-1]
            if verb == "SET":
                item[name] = deepcopy(values[value])
            elif verb == "ADD":
                held = int(item.get(name, {"N": "0"})["N"])
                item[name] = {"N": str(held + int(values[value]["N"]))}
            else:
                item.pop(name, None)


def _meets(expression: str, item: Item, values: Item) -> bool:
    between = _BETWEEN.search(expression)
    if between:
        low, high = values[between[2]]["S"], values[between[3]]["S"]
        if not low <= item[between[1]]["S"] <= high:
            return False
        expression = expression.replace(between[0], "")
    less = _LESS.search(expression)
    if less and not item[less[1]]["S"] < values[less[2]]["S"]:
        return False
    least = _FROM.search(expression)
    if least and not item[least[1]]["S"] >= values[least[2]]["S"]:
        return False
    return all(item.get(n) == values[v] for n, v in _EQUALS.findall(expression))


def _error(code: str, operation: str, reasons: list[Item] | None = None) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": code}}
    if reasons is not None:
        response["CancellationReasons"] = reasons
    return ClientError(response, operation)
