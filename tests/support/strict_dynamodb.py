"""What DynamoDB refuses and moto takes."""

import json
import threading
import time

from moto.dynamodb.responses import DynamoHandler

# How long a transaction holds its items at least, in seconds.
TRANSACTION_TAKES = 0.002


def behave_as_dynamodb():
    """What moto is too lenient about.

    - DynamoDB changes an item as one step, moto's threads read and write it in two.
    - It knows a transaction that is asked for again by its token, while moto would find its conditions
      unmet.
    - While a transaction is under way, it refuses other writes to the same items. Source: Amazon DynamoDB
      Developer Guide, "Transaction conflict handling in DynamoDB".

    Items above 400 KB are refused by moto too.
    """
    inner, turn, done, held = DynamoHandler.call_action, threading.Lock(), {}, set()

    def call_action(handler):
        action = handler.headers.get("X-Amz-Target", "").rpartition(".")[2]
        params = getattr(handler, "params", {})
        token, wanted = params.get("ClientRequestToken"), written(action, params)
        is_transaction = action == "TransactWriteItems"
        with turn:
            if token in done:
                return done[token]
            if any(key in held for key in wanted):
                return conflict(wanted, held) if is_transaction else refused(CONFLICT, {})
            if not is_transaction:
                return inner(handler)
            held.update(wanted)
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


CONFLICT = "TransactionConflictException"


def conflict(wanted, held):
    codes = ["TransactionConflict" if key in held else "None" for key in wanted]
    reasons = {"CancellationReasons": [{"Code": code} for code in codes]}
    return refused("TransactionCanceledException", reasons)


def refused(error, details):
    message = "Transaction is ongoing for the item"
    body = {"__type": f"com.amazonaws.dynamodb.v20120810#{error}", "message": message} | details
    return 400, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body)
