"""Kills a command at every system call that it makes once it has its lock.

Arguments: a folder, the name of the file in it that the command changes, a file for the command's
standard input, and the command. After each kill the command is run again, and has to succeed.
Prints one JSON object: how often the file was found old, new, or neither (with what was wrong), and
in which order the undisturbed command synced and renamed.

Follows the process with ptrace(2), which any Linux lets a process do to its own children. Where that
is forbidden, kills after growing delays instead.
"""

import ctypes
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time

FOLDER, NAME, INPUT, *COMMAND = sys.argv[1:]
FILE = os.path.join(FOLDER, NAME)

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long
# linux/ptrace.h
TRACEME, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 24, 0x4200, 0x420E
TRACESYSGOOD = 1
SYSCALL_STOP = signal.SIGTRAP | 0x80
ENTRY = 1
# By architecture, since the numbers differ.
CALLS = {
    "x86_64": {73: "lock", 74: "sync", 75: "sync", 82: "rename", 264: "rename", 316: "rename"},
    "aarch64": {32: "lock", 82: "sync", 83: "sync", 38: "rename", 276: "rename"},
}.get(platform.machine(), {})


class Info(ctypes.Structure):
    _fields_ = [
        ("op", ctypes.c_uint8),
        ("pad", ctypes.c_uint8 * 3),
        ("arch", ctypes.c_uint32),
        ("ip", ctypes.c_uint64),
        ("sp", ctypes.c_uint64),
        ("nr", ctypes.c_uint64),
        ("rest", ctypes.c_uint64 * 8),
    ]


def restore(contents):
    """Puts the folder back to what it was before the command."""
    shutil.rmtree(FOLDER)
    os.mkdir(FOLDER, 0o700)
    for name, content in contents.items():
        path = os.path.join(FOLDER, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)


def contents():
    return {name: read(os.path.join(FOLDER, name)) for name in os.listdir(FOLDER)}


def read(path):
    with open(path, "rb") as file:
        return file.read()


def redirect():
    os.dup2(os.open(INPUT, os.O_RDONLY), 0)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def traced(kill_at):
    """Runs the command up to a call, counted from the lock. Says what it called, and whether it
    ended by itself; None if tracing is forbidden."""
    pid = os.fork()
    if pid == 0:
        try:
            redirect()
            if LIBC.ptrace(TRACEME, 0, None, None) != 0:
                os._exit(99)
            os.execv(COMMAND[0], COMMAND)
        finally:
            os._exit(98)
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        return None
    LIBC.ptrace(SETOPTIONS, pid, None, TRACESYSGOOD)
    calls, info, deliver = [], Info(), 0
    while True:
        LIBC.ptrace(SYSCALL, pid, None, deliver)
        _, status = os.waitpid(pid, 0)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            return calls, True
        deliver = 0
        if os.WSTOPSIG(status) != SYSCALL_STOP:
            deliver = os.WSTOPSIG(status)
            continue
        LIBC.ptrace(GET_SYSCALL_INFO, pid, ctypes.sizeof(info), ctypes.byref(info))
        if info.op != ENTRY:
            continue
        call = CALLS.get(info.nr, "other")
        if calls or call == "lock":
            if len(calls) == kill_at:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return calls, False
            calls.append(call)


def timed(kill_at):
    """Without tracing: after a delay that grows by a fifth of a millisecond."""
    child = subprocess.Popen(COMMAND, stdin=open(INPUT), stdout=-3, stderr=-3)
    time.sleep(kill_at / 5000)
    ended = child.poll() is not None
    child.kill()
    child.wait()
    return [], ended


def main():
    before = contents()
    old = before.get(NAME)
    first = traced(None) if CALLS else None
    step = traced if first else timed
    if not first:
        subprocess.run(COMMAND, stdin=open(INPUT), stdout=-3, stderr=-3)
    new = read(FILE)
    order = [call for call in first[0] if call in ("sync", "rename")] if first else []
    result = {"traced": bool(first), "order": order, "old": 0, "new": 0, "neither": []}
    kill_at, ended = 0, False
    while not ended:
        restore(before)
        _, ended = step(kill_at)
        found = read(FILE) if os.path.exists(FILE) else None
        wrong = None
        if found not in (old, new):
            wrong = "content"
        for name in os.listdir(FOLDER):
            if os.stat(os.path.join(FOLDER, name)).st_mode & 0o077:
                wrong = f"mode of {name}"
        result["new" if found == new else "old"] += 1
        again = subprocess.run(COMMAND, stdin=open(INPUT), stdout=-3, stderr=-3)
        if again.returncode != 0 or read(FILE) != new:
            wrong = "the command cannot be run again"
        if any(name.endswith(".tmp") for name in os.listdir(FOLDER)) and found != new:
            wrong = "a temporary file is left"
        if wrong:
            result["neither"].append(f"call {kill_at}: {wrong}")
        kill_at += 1
    print(json.dumps(result))


main()
