"""What python-dotenv reads from the files named on standard input: a line of JSON each."""

import json
import sys

from dotenv import dotenv_values

for path in sys.stdin.read().splitlines():
    print(json.dumps(dotenv_values(path)))
