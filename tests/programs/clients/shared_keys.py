"""Signs and checks webhooks with a shared key, with Twilio's own Python library: a JSON object a
line, in and out."""

import json
import sys
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator, get_signature_algorithm

for line in sys.stdin:
    case = json.loads(line)
    algorithm = get_signature_algorithm(case["settings"])
    fields = dict(parse_qsl(case["body"], keep_blank_values=True))
    validator = RequestValidator(case["key"])
    answer = {
        "signature": validator.compute_signature(case["url"], fields, algorithm),
        "accepts": validator.validate(case["url"], fields, case["signature"], algorithm),
    }
    json.dump(answer, sys.stdout)
    print()
