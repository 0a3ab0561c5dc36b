#!/bin/sh
# Puts an event on the relay's bus with the AWS CLI. Its subscribers are texted.
#
#   EVENT_BUS_NAME=relay put-event.sh "Event Published" event.json
#
# The detail types are Event Published, Event Changed, Event Cancelled, Crew Assigned and Maintenance
# Scheduled. EVENT_SOURCE says who you are (default: events).
set -eu

[ $# -eq 2 ] || { echo 'put-event.sh DETAIL-TYPE FILE.json' >&2; exit 2; }
: "${EVENT_BUS_NAME:?the stack has the output EventBusName}"

entries=$(mktemp)
trap 'rm -f "$entries"' EXIT
# The detail is JSON within JSON.
python3 -c '
import json, sys
bus, source, detail_type, file = sys.argv[1:]
detail = json.dumps(json.load(open(file)))
print(json.dumps([dict(EventBusName=bus, Source=source, DetailType=detail_type, Detail=detail)]))
' "$EVENT_BUS_NAME" "${EVENT_SOURCE:-events}" "$1" "$2" > "$entries"

# AWS answers 200 even if it did not take the event.
failed=$(aws events put-events --entries "file://$entries" --query FailedEntryCount --output text)
[ "$failed" = 0 ] || { echo 'EventBridge did not take the event; put it again' >&2; exit 1; }
