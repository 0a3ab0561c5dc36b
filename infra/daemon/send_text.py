#!/usr/bin/env python3
"""Sends one text with the API key from the environment. Needs Python alone.

    infra/daemon/start python3 infra/daemon/send_text.py FROM TO BODY

Prints the message's SID. Ends with 1 if Twilio refused it, and with 3 if no answer came: then it may
have been sent, so look before you send it again.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.parse
import urllib.request

API_URL = "https://api.twilio.com"


def send(sender, to, body, environment=os.environ):
    """The SID of the message that Twilio accepted."""
    account = environment["TWILIO_ACCOUNT_SID"]
    pair = f"{environment['TWILIO_API_KEY']}:{environment['TWILIO_API_SECRET']}"
    base = environment.get("TWILIO_API_URL", API_URL)
    request = urllib.request.Request(
        f"{base}/2010-04-01/Accounts/{account}/Messages.json",
        data=urllib.parse.urlencode({"From": sender, "To": to, "Body": body}).encode(),
        headers={"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["sid"]


def main(arguments):
    if len(arguments) != 3:
        print("send_text.py FROM TO BODY", file=sys.stderr)
        return 2
    try:
        print(send(*arguments))
        return 0
    except KeyError as missing:
        print(f"{missing.args[0]} is missing: start this with infra/daemon/start", file=sys.stderr)
        return 1
    except urllib.error.HTTPError as refusal:
        try:
            code = json.load(refusal).get("code")
        except ValueError:
            code = None
        print(f"Twilio refused it: HTTP {refusal.code}, error {code}", file=sys.stderr)
        return 1 if refusal.code < 500 else 3
    except OSError as error:
        print(f"no answer from Twilio, it may have been sent: {error}", file=sys.stderr)
        return 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
