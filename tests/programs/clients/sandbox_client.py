"""Drives the sandbox with Twilio's own client: create, fetch, list, errors, redact, delete.

Arguments: the sandbox's address. Credentials come from the environment, under the names that
`relay sandbox` prints. Prints "ok" when everything held.
"""

import os
import sys

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

LINE, SERGIO = "+16195550100", "+16195550110"


class ToSandbox(TwilioHttpClient):
    """The client's own HTTP, to another host."""

    def __init__(self, base):
        super().__init__(timeout=10)
        self.base = base

    def request(self, method, url, *args, **kwargs):
        hosts = ["api", "accounts", "iam"]
        host = next(h for h in hosts if url.startswith(f"https://{h}.twilio.com/"))
        url = url.replace(f"https://{host}.twilio.com", self.base, 1)
        return super().request(method, url, *args, **kwargs)


def refused(client, **message):
    try:
        client.messages.create(**message)
    except TwilioRestException as error:
        return error.status, error.code
    raise AssertionError("not refused")


def main(base):
    account = os.environ["TWILIO_ACCOUNT_SID"]
    token = os.environ["TWILIO_AUTH_TOKEN"]
    key, secret = os.environ["TWILIO_API_KEY"], os.environ["TWILIO_API_SECRET"]
    with_token = Client(account, token, http_client=ToSandbox(base))
    client = Client(key, secret, account, http_client=ToSandbox(base))

    message = client.messages.create(to=SERGIO, from_=LINE, body="from Python ☀")
    assert message.status == "queued", message.status
    assert message.direction == "outbound-api", message.direction
    assert message.date_created.utcoffset().total_seconds() == 0
    assert message.error_code is None and message.num_segments == "1"

    fetched = with_token.messages(message.sid).fetch()
    assert (fetched.sid, fetched.body) == (message.sid, message.body)

    picture = client.messages.create(
        to=SERGIO, from_=LINE, media_url=["https://media.example.com/a.png"] * 2
    )
    assert picture.sid.startswith("MM") and picture.num_media == "2"
    media = picture.media.list()
    assert [m.content_type for m in media] == ["image/png"] * 2, media

    for number in range(5):
        client.messages.create(to=SERGIO, from_=LINE, body=f"text {number}")
    listed = client.messages.list(to=SERGIO, from_=LINE, page_size=3)
    assert len(listed) == 7, len(listed)
    assert listed[0].body == "text 4" and listed[-1].sid == message.sid
    assert client.messages.list(to=LINE) == []

    assert refused(client, to="+15005550001", from_=LINE, body="x") == (400, 21211)
    assert refused(client, to=SERGIO, from_="+16195550199", body="x") == (400, 21606)
    assert refused(client, to=SERGIO, from_=LINE, body="x" * 1601) == (400, 21617)
    stranger = Client(account, "wrong", http_client=ToSandbox(base))
    assert refused(stranger, to=SERGIO, from_=LINE, body="x") == (401, 20003)
    try:
        client.messages("SM" + "0" * 32).fetch()
    except TwilioRestException as error:
        assert (error.status, error.code) == (404, 20404), error
    else:
        raise AssertionError("found what is not there")

    assert message.update(body="").body == ""
    assert message.delete()
    assert with_token.api.v2010.accounts(account).fetch().status == "active"
    numbers = [n.phone_number for n in client.incoming_phone_numbers.list()]
    assert numbers == [LINE], numbers

    made = with_token.new_keys.create(friendly_name="from Python")
    assert made.sid.startswith("SK") and len(made.secret) == 32
    assert with_token.keys(made.sid).fetch().friendly_name == "from Python"
    policy = {"allow": ["/twilio/messaging/messages/list"]}
    restricted = with_token.iam.v1.new_api_key.create(
        account_sid=account, key_type="restricted", policy=policy
    )
    reader = Client(restricted.sid, restricted.secret, account, http_client=ToSandbox(base))
    assert reader.messages.list(limit=1)
    assert refused(reader, to=SERGIO, from_=LINE, body="x") == (401, 70051)
    for key in (made, restricted):
        assert with_token.keys(key.sid).delete()
    new = with_token.accounts.v1.secondary_auth_token().create().secondary_auth_token
    assert with_token.accounts.v1.auth_token_promotion().update().auth_token == new
    assert refused(with_token, to=SERGIO, from_=LINE, body="x") == (401, 20003)
    print("ok")


if __name__ == "__main__":
    main(sys.argv[1])
