#!/usr/bin/env python3
"""Puts an event on the relay's bus, or invokes the relay's function with it. Needs boto3.

    EVENT_BUS_NAME=relay put_event.py "Event Published" event.json
    put_event.py --invoke relay-outbound-notifier "Event Published" event.json

An event on the bus is taken within moments, by itself and without an answer. A function that is
invoked answers at once: what it made of the event, or which field is wrong.
"""

import argparse
import json
import os
import sys

import boto3


def put(detail_type, detail, bus, source="events"):
    """EventBridge's id of the event. The relay does what is asked once for each id."""
    entry = {
        "EventBusName": bus,
        "Source": source,
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }
    answer = boto3.client("events").put_events(Entries=[entry])
    [taken] = answer["Entries"]
    # AWS answers 200 even if it did not take the event.
    if answer["FailedEntryCount"]:
        raise RuntimeError(f"EventBridge did not take it: {taken['ErrorCode']}")
    return taken["EventId"]


def invoke(function, detail_type, detail, key):
    """What the relay made of the event. The same key never sends anything twice."""
    event = {"id": key, "detail-type": detail_type, "source": "events", "detail": detail}
    answer = boto3.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    said = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise RuntimeError(said["errorMessage"])
    return said


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("detail_type", metavar="DETAIL-TYPE")
    parser.add_argument("file", metavar="FILE.json", type=argparse.FileType())
    parser.add_argument("--invoke", metavar="FUNCTION")
    parser.add_argument("--key", help="with --invoke; default: the event's own id and type")
    asked = parser.parse_args()
    detail = json.load(asked.file)
    try:
        if asked.invoke:
            key = asked.key or f"{asked.detail_type}-{detail['id']}".replace(" ", "-")
            print(json.dumps(invoke(asked.invoke, asked.detail_type, detail, key)))
        else:
            print(put(asked.detail_type, detail, os.environ["EVENT_BUS_NAME"]))
    except KeyError as missing:
        sys.exit(f"{missing.args[0]} is missing")
    except RuntimeError as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    main()
