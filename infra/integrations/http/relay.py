"""A client of the relay with nothing but Python 3.9.

    from relay import Relay
    relay = Relay("https://relay.example.com", "website", open("key").read().strip())
    answer = relay.send("POST", "/v1/notices", {...})

Or from a shell:

    RELAY_URL=… RELAY_CALLER=website RELAY_KEY_FILE=key python3 relay.py notice.json
"""

import hashlib
import hmac
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request


class Refused(Exception):
    """The relay says no. `problem` names what is wrong, and in which field."""

    def __init__(self, problem):
        super().__init__(problem.get("detail", "refused"))
        self.problem = problem


class Relay:
    def __init__(self, url, caller, key):
        self.url, self.caller, self.key = url.rstrip("/"), caller, key.encode()

    def send(self, method, path, request=None, tries=5):
        """Asks until there is an answer. The idempotency key keeps a notice from being sent twice."""
        body = b"" if request is None else json.dumps(request).encode()
        for n in range(tries):
            try:
                return self.once(method, path, body)
            except urllib.error.HTTPError as error:
                if error.code not in (408, 429) and error.code < 500:
                    raise Refused(json.load(error)) from None
                last = error
            except OSError as error:
                last = error
            if n + 1 < tries:
                time.sleep(2**n)
        raise last

    def once(self, method, path, body):
        # The random fraction makes each try's signature another: the relay takes none twice.
        timestamp = f"{int(time.time())}.{secrets.randbelow(10**9):09d}"
        signed = f"{timestamp}\n{method}\n{path}\n".encode() + body
        headers = {
            "Content-Type": "application/json",
            "X-Relay-Caller": self.caller,
            "X-Relay-Timestamp": timestamp,
            "X-Relay-Signature": hmac.new(self.key, signed, hashlib.sha256).hexdigest(),
        }
        request = urllib.request.Request(self.url + path, body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


if __name__ == "__main__":
    with open(os.environ["RELAY_KEY_FILE"]) as key:
        relay = Relay(os.environ["RELAY_URL"], os.environ["RELAY_CALLER"], key.read().strip())
    with open(sys.argv[1]) as file:
        notice = json.load(file)
    try:
        print(json.dumps(relay.send("POST", "/v1/notices", notice), indent=2))
    except Refused as refused:
        sys.exit(f"Refused: {refused}")
    except OSError as error:
        sys.exit(f"No answer from {relay.url}: {error}")
