"""Reads phone numbers with Python's port of libphonenumber: a JSON object a line, in and out.

The numbers are drawn here: the library's own examples of every region and kind, as they are and changed at
random, so that most of them are almost right.
"""

import json
import random
import sys

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
FORMS = [
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
]
KINDS = range(11)
# Cases in a row that are of one region, whose patterns are compiled once.
IN_A_ROW = 40


def examples():
    for region in REGIONS:
        for kind in KINDS:
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            for form in FORMS:
                yield region, phonenumbers.format_number(example, form)


EXAMPLES = list(examples())


def drawn(seed, number):
    draw = random.Random(f"{seed} {number}")
    region = REGIONS[number // IN_A_ROW % len(REGIONS)]
    example = None
    while example is None:
        of = draw.choice(REGIONS) if draw.random() < 0.2 else region
        example = phonenumbers.example_number_for_type(of, draw.choice([0, 1, 2]))
    text = list(phonenumbers.format_number(example, draw.choice(FORMS[:3])))
    for place, character in enumerate(text):
        if character.isdigit() and draw.random() < 0.3:
            text[place] = draw.choice("0123456789")
    if draw.random() < 0.2:
        del text[draw.randrange(len(text))]
    if draw.random() < 0.2:
        text.insert(draw.randrange(len(text) + 1), draw.choice("0123456789"))
    if draw.random() < 0.1:
        text = ["0", "0", *(character for character in text if character != "+")]
    return region, "".join(text)


def read(region, text):
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return {"e164": None, "valid": False, "local": False}
    return {
        "e164": phonenumbers.format_number(number, PhoneNumberFormat.E164),
        "valid": phonenumbers.is_valid_number(number),
        # Which can be dialled in its area alone.
        "local": phonenumbers.is_possible_number_with_reason(number)
        == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
        or len(phonenumbers.national_significant_number(number)) < 8
        and number.country_code == 1,
    }


for line in sys.stdin:
    case = json.loads(line)
    if case["seed"] is None:
        chosen = EXAMPLES[case["number"]] if case["number"] < len(EXAMPLES) else None
    else:
        chosen = drawn(case["seed"], case["number"])
    answer = None
    if chosen is not None:
        region, text = chosen
        answer = {"region": region, "text": text, **read(region, text)}
    json.dump(answer, sys.stdout)
    print()
