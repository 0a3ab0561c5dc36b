"""Answers, a line of JSON each, what validators say that know nothing of the relay.

{"schema": FILE, "at": "#" or "#/$defs/…", "instance": …}   what a JSON Schema has against an instance
{"openapi": FILE}                                           what is wrong with an OpenAPI document
"""

import functools
import json
import sys

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator


def read(file):
    with open(file, encoding="utf-8") as text:
        return json.load(text)


@functools.cache
def validator(file, at):
    document = read(file)
    Draft202012Validator.check_schema(document)
    schema = document if at == "#" else {"$ref": at, "$defs": document["$defs"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


for line in sys.stdin:
    asked = json.loads(line)
    if "openapi" in asked:
        errors = OpenAPIV31SpecValidator(read(asked["openapi"])).iter_errors()
    else:
        errors = validator(asked["schema"], asked["at"]).iter_errors(asked["instance"])
    print(json.dumps([f"{error.json_path}: {error.message}" for error in errors]), flush=True)
