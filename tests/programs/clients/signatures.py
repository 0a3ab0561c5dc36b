"""Signs and checks webhooks with Twilio's own Python library: a JSON object a line, in and out.

A body is a form as it is sent, or JSON that the URL's bodySHA256 covers. Of the original, the
signature is told; of what was made of it, whether the library accepts it.
"""

import json
import sys
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator


class Fields:
    """A form with its repeated fields, as Django and Flask hand it to the library."""

    def __init__(self, body):
        self.values = {}
        for name, value in parse_qsl(body, keep_blank_values=True):
            self.values.setdefault(name, []).append(value)

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)

    def getlist(self, name):
        return self.values[name]


def content(request):
    return Fields(request["body"]) if request["form"] else request["body"]


for line in sys.stdin:
    case = json.loads(line)
    sent, got = case["sent"], case["got"]
    signed = content(sent) if sent["form"] else {}
    signature = RequestValidator(sent["token"]).compute_signature(sent["url"], signed)
    try:
        validator = RequestValidator(got["token"])
        accepts = validator.validate(got["url"], content(got), case["signature"])
    except (TypeError, ValueError):
        # What makes the library fail lets nobody in.
        accepts = False
    json.dump({"signature": signature, "accepts": accepts}, sys.stdout)
    print()
