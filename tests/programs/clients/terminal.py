"""Runs a command on a terminal and types answers into it.

Arguments: the command. Standard input: a JSON list of pairs, what to wait for and what to type then.
Prints a JSON object: what the terminal showed, and the exit code. Typing "^C" presses Ctrl-C.
"""

import json
import os
import pty
import select
import sys
import termios

pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])

shown = b""


def see():
    global shown
    ready, _, _ = select.select([terminal], [], [], 20)
    if not ready:
        sys.exit(f"nothing more was shown after {shown!r}")
    try:
        more = os.read(terminal, 4096)
    except OSError:
        more = b""
    shown += more
    return bool(more)


for wanted, answer in json.load(sys.stdin):
    seen = len(shown)
    while wanted.encode() not in shown[seen:]:
        if not see():
            sys.exit(f"it ended before it asked: {shown!r}")
    os.write(terminal, b"\x03" if answer == "^C" else answer.encode() + b"\n")

while see():
    pass
echo = None
try:
    echo = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
except termios.error:
    pass
_, status = os.waitpid(pid, 0)
code = os.waitstatus_to_exitcode(status)
print(json.dumps({"shown": shown.decode(), "code": code, "echo": echo}))
