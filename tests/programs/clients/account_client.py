"""Reads and changes what the sandbox's account has with Twilio's own client, and compares every request and every
answer with Twilio's OpenAPI documents.

Arguments: the sandbox's address, and the folder of the documents. Credentials come from the environment. Prints how
many exchanges were compared, by document.
"""

import collections
import json
import os
import re
import sys
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from jsonschema import FormatChecker
from openapi_schema_validator import OAS30Validator
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

LINE, TOLL_FREE = "+16195550100", "+18885550100"
SMS_URL = "https://relay.example.com/twilio/sms#rc=3&rp=ct,rt,5xx"
DOCUMENTS = {
    "api": "twilio_api_v2010.json",
    "accounts": "twilio_accounts_v1.json",
    "iam": "twilio_iam_v1.json",
    "messaging": "twilio_messaging_v1.json",
    "monitor": "twilio_monitor_v1.json",
}
# Twilio describes the rules about webhooks in no document of this package.
UNDESCRIBED = ["webhooks"]


class Described:
    """Twilio's description of one product."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = json.load(file)
        self.compared = 0

    def resolved(self, node):
        """The same without references, and without what Twilio's own examples contradict."""
        if isinstance(node, list):
            return [self.resolved(part) for part in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            found = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            return self.resolved(found)
        node = {name: self.resolved(part) for name, part in node.items()}
        if node.get("nullable") and "enum" in node:
            # Meant so: the examples have null there.
            node["enum"] = [*node["enum"], None]
        for name, part in node.get("properties", {}).items():
            # The examples have "" for a number without an application, and text for a price.
            if name in ("sms_application_sid", "voice_application_sid"):
                part.pop("pattern", None)
                part.pop("minLength", None)
            if name == "price" and part.get("type") == "number":
                part["type"] = "string"
        return node

    def operation(self, method, path):
        found = []
        for template, item in self.document["paths"].items():
            pattern = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
            if re.fullmatch(pattern, path) and method.lower() in item:
                found.append((template.count("{"), template, item))
        assert found, f"not described: {method} {path}"
        _, template, item = min(found, key=lambda one: one[0])
        return template, self.resolved(item[method.lower()])

    def compare(self, method, path, query, form, status, body):
        template, operation = self.operation(method, path)
        known = {p["name"] for p in operation.get("parameters", []) if p["in"] == "query"}
        assert set(query) <= known, f"{template}: not described: {set(query) - known}"
        if form:
            content = operation["requestBody"]["content"]
            described = content["application/x-www-form-urlencoded"]["schema"]["properties"]
            assert set(form) <= set(described), f"{template}: {set(form) - set(described)}"
        if status >= 400:
            assert {"code", "message", "status"} <= set(body), body
            return
        schema = operation["responses"][str(status)]["content"]["application/json"]["schema"]
        formats = FormatChecker(formats=["date", "date-time"])
        wrong = list(OAS30Validator(schema, format_checker=formats).iter_errors(body))
        wrong = [f"{list(error.absolute_path)}: {error.message}" for error in wrong]
        assert not wrong, f"{method} {template}: {wrong}"
        for record, described in records(body, schema):
            names, wanted = set(record), set(described["properties"])
            # Nothing is left out, but for the token, and nothing made up.
            assert names == wanted - {"auth_token"}, f"{template}: {names ^ wanted}"
        self.compared += 1


def records(body, schema):
    """The records of an answer, each with its schema."""
    properties = schema["properties"]
    lists = [
        (record, properties[name]["items"])
        for name, part in body.items()
        if isinstance(part, list) and properties[name].get("items", {}).get("properties")
        for record in part
    ]
    is_list = "meta" in body or "first_page_uri" in body
    return lists if is_list else [(body, schema)] if properties else []


class ToSandbox(TwilioHttpClient):
    """The client's own HTTP, to another host, watched."""

    def __init__(self, base, described):
        super().__init__(timeout=10)
        self.base = base
        self.described = described

    def request(self, method, url, params=None, data=None, **kwargs):
        if url.startswith(self.base):
            # The address of a next page.
            name = self.last
        else:
            name = re.match(r"https://([a-z]+)\.twilio\.com/", url).group(1)
            url = url.replace(f"https://{name}.twilio.com", self.base, 1)
        self.last = name
        answer = super().request(method, url, params=params, data=data, **kwargs)
        if name not in UNDESCRIBED:
            path = urlsplit(url).path
            query = [] if "?" in url else list(params or {})
            body = json.loads(answer.text)
            self.described[name].compare(
                method, path, query, list(data or {}), answer.status_code, body
            )
        return answer


def not_found(fetch):
    try:
        fetch()
    except TwilioRestException as error:
        return (error.status, error.code) == (404, 20404)
    raise AssertionError("found what is not there")


def nulls(client, base, url):
    """Whether an answer with null wherever the sandbox puts it still fits the documents."""
    path = urlsplit(url).path
    fault = {"fault": {"wrong_answer": "nulls"}, "path": path}
    fault = Request(f"{base}/sandbox/faults", json.dumps(fault).encode(), method="POST")
    fault.add_header("content-type", "application/json")
    with urlopen(fault) as answer:
        assert answer.status == 201
    answer = json.loads(client.request("GET", url).text)
    assert "null" in json.dumps(answer), url


def main(base, folder):
    described = {name: Described(os.path.join(folder, file)) for name, file in DOCUMENTS.items()}
    account = os.environ["TWILIO_ACCOUNT_SID"]
    token = os.environ["TWILIO_AUTH_TOKEN"]
    client = Client(account, token, http_client=ToSandbox(base, described))

    shown = client.api.v2010.accounts(account).fetch()
    assert (shown.status, shown.type) == ("active", "Full")
    assert client.balance.fetch().currency == "USD"

    [line] = client.incoming_phone_numbers.list(phone_number=LINE)
    assert line.capabilities["sms"] and line.sms_method == "POST"
    changed = client.incoming_phone_numbers(line.sid).update(sms_url=SMS_URL, sms_method="GET")
    assert (changed.sms_url, changed.sms_method) == (SMS_URL, "GET")
    assert changed.voice_url == line.voice_url
    assert client.incoming_phone_numbers(line.sid).fetch().sms_url == SMS_URL
    assert not_found(client.incoming_phone_numbers("PN" + "0" * 32).fetch)
    assert len(client.incoming_phone_numbers.list(page_size=1)) == 2

    [application] = client.applications.list()
    changed = client.applications(application.sid).update(sms_fallback_url=SMS_URL)
    assert changed.sms_fallback_url == SMS_URL and changed.sms_url == application.sms_url
    assert client.applications(application.sid).fetch().sms_fallback_url == SMS_URL

    messaging = client.messaging.v1
    services = messaging.services.list(page_size=1)
    assert len(services) == 2, services
    [service] = [one for one in services if one.us_app_to_person_registered]
    of_service = messaging.services(service.sid)
    changed = of_service.update(inbound_request_url=SMS_URL, use_inbound_webhook_on_number=False)
    assert changed.inbound_request_url == SMS_URL and not changed.use_inbound_webhook_on_number
    assert of_service.fetch().fallback_url is None
    assert [one.sid for one in of_service.phone_numbers.list()] == [line.sid]
    assert of_service.phone_numbers(line.sid).fetch().phone_number == LINE
    assert not_found(of_service.phone_numbers("PN" + "0" * 32).fetch)
    [campaign] = of_service.us_app_to_person.list()
    assert campaign.campaign_status == "VERIFIED" and campaign.errors == []
    assert of_service.us_app_to_person(campaign.sid).fetch().mock is False
    brand = messaging.brand_registrations(campaign.brand_registration_sid).fetch()
    assert brand.status == "APPROVED"
    assert [one.sid for one in messaging.brand_registrations.list()] == [brand.sid]
    [toll_free] = client.incoming_phone_numbers.list(phone_number=TOLL_FREE)
    verifications = messaging.tollfree_verifications
    [verified] = verifications.list(tollfree_phone_number_sid=toll_free.sid)
    assert verified.status == "TWILIO_APPROVED"
    assert messaging.tollfree_verifications(verified.sid).fetch().sid == verified.sid
    assert verifications.list(tollfree_phone_number_sid=line.sid) == []

    countries = client.accounts.v1.messaging_geopermissions.fetch(country_code="US,MX")
    assert [one["enabled"] for one in countries.permissions] == [True, True]

    [alert] = client.monitor.v1.alerts.list(log_level="error")
    assert alert.error_code == "11200" and alert.date_generated.utcoffset().total_seconds() == 0
    assert client.monitor.v1.alerts(alert.sid).fetch().resource_sid == alert.resource_sid
    assert client.monitor.v1.alerts.list(log_level="debug") == []

    days = client.usage.records.daily.list(category="totalprice")
    assert len(days) == 7 and {day.category for day in days} == {"totalprice"}
    [whole] = client.usage.records.list(category="totalprice")
    assert whole.start_date == min(day.start_date for day in days)

    key = client.iam.v1.api_key(os.environ["TWILIO_API_KEY"]).fetch()
    assert key.friendly_name and key.policy is None

    [rule] = client.webhooks.v1.rules.list()
    assert (rule.match_type, rule.settings[0]["percentage"]) == ("DEFAULT", 100)
    assert client.webhooks.v1.rules(rule.id).fetch().id == rule.id

    below = f"https://api.twilio.com/2010-04-01/Accounts/{account}"
    for url in [
        f"{below}.json",
        f"{below}/Balance.json",
        f"{below}/IncomingPhoneNumbers.json",
        f"{below}/Applications.json",
        f"{below}/Usage/Records.json",
        service.url,
        f"{service.url}/PhoneNumbers",
        f"{service.url}/Compliance/Usa2p",
        "https://messaging.twilio.com/v1/a2p/BrandRegistrations",
        "https://messaging.twilio.com/v1/Tollfree/Verifications",
        "https://monitor.twilio.com/v1/Alerts",
    ]:
        nulls(client, base, url)

    print(json.dumps(collections.Counter({n: d.compared for n, d in described.items()})))


if __name__ == "__main__":
    main(*sys.argv[1:])
