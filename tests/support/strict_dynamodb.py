"""What DynamoDB refuses and moto takes, and what moto takes long for."""

import copy
import inspect
import json
import re
import threading
import time
from collections import defaultdict

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

# How long a transaction holds its items at least, in seconds.
TRANSACTION_TAKES = 0.002


def behave_as_dynamodb():
    """What moto is too lenient about.

    - DynamoDB changes an item as one step, moto's threads read and write it in two.
    - It knows a transaction that is asked for again by its token, while moto would find its conditions
      unmet. Source: Amazon DynamoDB API Reference, "TransactWriteItems", ClientRequestToken and
      TransactionInProgressException.
    - While a transaction is under way, it refuses other writes to the same items. Source: Amazon DynamoDB
      Developer Guide, "Transaction conflict handling in DynamoDB".
    - It throttles a partition that is written to too much; here that is so many transactions a second as
      the name of a table says, `throttled-20-…`. The reason is that of a table on demand. Source: Amazon
      DynamoDB API Reference, "TransactWriteItems", cancellation reasons.

    Items above 400 KB are refused by moto too. Each answer says what the request costs (Meter).
    """
    work_less()
    count_units()
    inner, turn, held = DynamoHandler.call_action, threading.Lock(), set()
    done, under_way, throttle = {}, set(), Throttle()

    def call_action(handler):
        action = handler.headers.get("X-Amz-Target", "").rpartition(".")[2]
        params = getattr(handler, "params", {})
        token, wanted = params.get("ClientRequestToken"), written(action, params)
        is_transaction = action == "TransactWriteItems"
        with turn:
            if token in done:
                return done[token]
            if token in under_way:
                return refused("TransactionInProgressException")
            if any(key in held for key in wanted):
                if is_transaction:
                    return cancelled(wanted, held, "TransactionConflict")
                return refused("TransactionConflictException")
            if not is_transaction:
                return inner(handler)
            if throttled := throttle.takes(wanted):
                return cancelled(wanted, throttled, "ThrottlingError")
            held.update(wanted)
            if token:
                under_way.add(token)
        try:
            time.sleep(TRANSACTION_TAKES)
            with turn:
                answer = inner(handler)
                if token and answer[0] == 200:
                    done[token] = answer
                return answer
        finally:
            with turn:
                held.difference_update(wanted)
                under_way.discard(token)

    DynamoHandler.call_action = call_action


def written(action, params):
    """The items that a request writes, or in a transaction has a condition for."""
    if action == "TransactWriteItems":
        writes = [write for item in params["TransactItems"] for write in item.values()]
    elif action in {"PutItem", "UpdateItem", "DeleteItem"}:
        writes = [params]
    else:
        writes = []
    return [key_of(write["TableName"], write.get("Item") or write["Key"]) for write in writes]


def key_of(table, item):
    return table, *(json.dumps(item[name], sort_keys=True) for name in ("pk", "sk"))


class Throttle:
    """Which partitions may be written to; a full second's worth is saved up."""

    def __init__(self):
        self.left = {}

    def takes(self, wanted):
        """Counts one transaction for each of the partitions, or names the keys in those that are full."""
        now, partitions = time.monotonic(), {}
        for table, pk, _ in wanted:
            if rate := re.match(r"throttled-(\d+)-", table):
                most = int(rate[1])
                left, since = self.left.get((table, pk), (most, now))
                partitions[table, pk] = min(most, left + (now - since) * most), now
        full = {partition for partition, (left, _) in partitions.items() if left < 1}
        for partition, (left, since) in partitions.items():
            self.left[partition] = left - (not full), since
        return {key for key in wanted if key[:2] in full}


def cancelled(wanted, because_of, code):
    codes = [code if key in because_of else "None" for key in wanted]
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    return refused("TransactionCanceledException", reasons)


def refused(error, details=None):
    message = "Others are using the item"
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{error}", "message": message}
    body |= details or {}
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body)


def count_units():
    """Each answer has a header with the request units that DynamoDB would bill, and one with each key's.

    Writes: one for each KB of the larger of the item before and after, twice that in a transaction. An
    entry of the index costs one to make or remove, and two to move. Reads: one for each 4 KB, half of it
    unless consistent. Source: Amazon DynamoDB Developer Guide, "DynamoDB read and write operations" and
    "Using Global Secondary Indexes", write capacity. The index's entries are far below 1 KB.
    """
    inner = DynamoHandler.call_action

    def call_action(handler):
        action = handler.headers.get("X-Amz-Target", "").rpartition(".")[2]
        params = getattr(handler, "params", {})
        meter = Meter(handler.dynamodb_backend)
        before = meter.items(written(action, params))
        status, headers, body = inner(handler)
        after = meter.items(written(action, params))
        factor = 2 if action == "TransactWriteItems" else 1
        keys = []
        for key, *both in zip(written(action, params), before, after):
            _, pk, sk = (json.loads(part) if part[0] == "{" else part for part in key)
            keys.append((pk["S"], sk["S"], factor * kilobytes(*both), 0))
            keys += [(f"due {shard}", "", 1, 0) for shard in moves(*both)]
        reads = meter.reads(action, params, body)
        writes, read = (sum(key[n] for key in keys + reads) for n in (2, 3))
        headers = dict(headers) | {"x-units": f"{writes} {read}", "x-units-of-keys": json.dumps(keys + reads)}
        return status, headers, body

    DynamoHandler.call_action = call_action


class Meter:
    def __init__(self, backend):
        self.backend = backend

    def items(self, keys):
        return [self.item(table, *map(json.loads, key)) for table, *key in keys]

    def item(self, table, pk, sk):
        items = self.backend.get_table(table).items
        return items.get(DynamoType(pk), {}).get(DynamoType(sk))

    def reads(self, action, params, body):
        """Of each key that is read: its partition, its sort key, nothing written, units read."""
        answer = json.loads(body) if body else {}
        if action == "BatchGetItem":
            return [
                (
                    key["pk"]["S"],
                    key["sk"]["S"],
                    0,
                    units(size(self.item(table, key["pk"], key["sk"])), keys.get("ConsistentRead")),
                )
                for table, keys in params["RequestItems"].items()
                for key in keys["Keys"]
            ]
        if action == "Query":
            # Of the items whole, whatever is projected.
            found = sum(len(json.dumps(item)) for item in answer.get("Items", []))
            values = params["ExpressionAttributeValues"]
            of = values[":pk"]["S"] if ":pk" in values else "due " + values[":shard"]["S"]
            return [(of, "", 0, units(found, params.get("ConsistentRead")))]
        if action == "GetItem":
            key = params["Key"]
            item = self.item(params["TableName"], key["pk"], key["sk"])
            return [(key["pk"]["S"], key["sk"]["S"], 0, units(size(item), params.get("ConsistentRead")))]
        return []


def size(item):
    return item.size() if item else 0


def units(size, consistent):
    return max(1, -(-size // 4096)) * (1 if consistent else 0.5)


def kilobytes(before, after):
    return max(1, -(-max(size(before), size(after)) // 1024))


def moves(before, after):
    """The shards of the index of which an entry is made or removed."""
    places = [item and {name: item.attrs.get(name) for name in ("due_shard", "due_at")} for item in (before, after)]
    places = [place if place and all(place.values()) else None for place in places]
    if places[0] == places[1]:
        return []
    return [place["due_shard"].value for place in places if place]


def work_less():
    """What moto does for each request grows with the whole table. Here it does not.

    - For each item of a transaction it copies the table, to be able to roll it back. Which items there
      are is enough, once none is changed in place.
    - For each query it sorts all items before it looks at their keys.
    """
    update_item, query = DynamoDBBackend.update_item, Table.query

    def copied(table, memo):
        return with_items(table, {key: dict(items) for key, items in table.items.items()})

    def update_a_copy(backend, table_name, key, *args, **kwargs):
        item = backend.get_item(table_name, key)
        if item is not None:
            table = backend.get_table(table_name)
            table.items[item.hash_key][item.range_key] = copy.deepcopy(item)
        return update_item(backend, table_name, key, *args, **kwargs)

    def query_few(table, hash_key, *args, **kwargs):
        asked = inspect.signature(query).bind(table, hash_key, *args, **kwargs).arguments
        if asked.get("index_name"):
            few = defaultdict(dict)
            for item in table.has_idx_items(asked["index_name"]):
                few[item.hash_key][item.range_key] = item
        else:
            few = {hash_key: table.items.get(hash_key, {})}
        return query(with_items(table, few), hash_key, *args, **kwargs)

    Table.__deepcopy__, Table.query = copied, query_few
    DynamoDBBackend.update_item = update_a_copy


def with_items(table, items):
    twin = copy.copy(table)
    twin.items = defaultdict(dict, items)
    return twin
