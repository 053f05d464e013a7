"""Calls of one DynamoDB table, with its refusals as our errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tieline.domain.errors import Stale, Transient
from tieline.state.items import Item

READ_AT_ONCE, READ_TRIES = 100, 5
"""Items of one BatchGetItem, and how often what it leaves out (beyond 16 MB) is asked for."""
_STALE = frozenset({"ConditionalCheckFailedException", "TransactionConflictException"})


class Table:
    """A table by its name. `client` is boto3's for DynamoDB.

    Every method raises Stale for a condition that failed, Transient for all else but a request that
    DynamoDB does not understand: that is a bug, and ClientError says so.
    """

    def __init__(self, name: str, client: Any) -> None:
        self._name = name
        self._client = client

    def putting(self, item: Item, **condition: Any) -> Item:
        """A write for `write`: an item in place of the one of its key."""
        return {"Put": {"TableName": self._name, "Item": item, **condition}}

    def deleting(self, key: Item, **condition: Any) -> Item:
        """A write for `write`: no item of this key any more."""
        return {"Delete": {"TableName": self._name, "Key": key, **condition}}

    def checking(self, key: Item, **condition: Any) -> Item:
        """A write for `write` that changes nothing: all fail if its condition does."""
        return {"ConditionCheck": {"TableName": self._name, "Key": key, **condition}}

    def write(self, *writes: Item) -> None:
        """One item by a plain call, several by a transaction."""
        if len(writes) == 1 and "Put" in writes[0]:
            self._call(lambda: self._client.put_item(**writes[0]["Put"]))
        elif len(writes) == 1 and "Delete" in writes[0]:
            self._call(lambda: self._client.delete_item(**writes[0]["Delete"]))
        elif writes:
            items = list(writes)
            self._call(lambda: self._client.transact_write_items(TransactItems=items))

    def update(self, key: Item, update: str, values: Item) -> Item:
        """An update's answer, with the item as it is then."""
        answer: Item = self._call(
            lambda: self._client.update_item(
                TableName=self._name,
                Key=key,
                UpdateExpression=update,
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
            )
        )
        return answer

    def get(self, key: Item) -> Item | None:
        """The item of a key, as it is now."""
        answer = self._call(
            lambda: self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        )
        item: Item | None = answer.get("Item")
        return item

    def get_all(self, keys: Sequence[Item]) -> list[Item]:
        """The items of these keys that there are, in the order of the keys."""
        found: dict[tuple[str, str], Item] = {}
        for start in range(0, len(keys), READ_AT_ONCE):
            asked: Any = {self._name: {"Keys": keys[start : start + READ_AT_ONCE]}}
            for _ in range(READ_TRIES):
                for table in asked.values():
                    table["ConsistentRead"] = True
                answer = self._call(lambda a=asked: self._client.batch_get_item(RequestItems=a))  # type: ignore[misc]
                items = answer["Responses"].get(self._name, [])
                found |= {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
                asked = answer.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise Transient("DynamoDB BatchGetItem left items unread")
        named = [(key["pk"]["S"], key["sk"]["S"]) for key in keys]
        return [found[name] for name in named if name in found]

    def page(self, **query: Any) -> Item:
        """One page of a query's answer."""
        answer: Item = self._call(lambda: self._client.query(TableName=self._name, **query))
        return answer

    def pages(self, **query: Any) -> Iterator[Item]:
        """All pages of a query's answer."""
        start: Item = {}
        while True:
            page = self.page(**query, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def query(self, **query: Any) -> Iterator[Item]:
        """All items of a query's answer."""
        for page in self.pages(**query):
            yield from page["Items"]

    def _call(self, call: Callable[[], Any]) -> Any:
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
