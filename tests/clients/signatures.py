"""Signs and checks webhooks with Twilio's own Python library: a JSON object a line, in and out."""

import json
import sys

from twilio.request_validator import RequestValidator

for line in sys.stdin:
    case = json.loads(line)
    validator = RequestValidator(case["token"])
    # A form is a list of fields, a body of another type is a string.
    form = isinstance(case["body"], list)
    body = dict(case["body"]) if form else case["body"]
    forged = dict(case["forged_body"]) if form else case["forged_body"]
    json.dump(
        {
            "signature": validator.compute_signature(case["url"], body if form else {}),
            "accepts": validator.validate(case["url"], body, case["signature"]),
            "accepts_forged": validator.validate(
                case["forged_url"], forged, case["forged_signature"]
            ),
        },
        sys.stdout,
    )
    print()
