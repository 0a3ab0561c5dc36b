"""Measures what `make package` built for this machine: size, time to the first poll, randomness.

    python3 tests/endurance/bench/start.py TARGET/lambda TARGET/release/examples/bare

Time to the first poll is from just before the process is created until its request for the first
event arrives, with every client built and every connection opened. AWS and Twilio are a server on
this machine that answers at once and without TLS, so what is measured is the function and neither a
network nor somebody else's speed. Prints a table; exits with 1 if a target is missed.
"""

import json
import os
import pathlib
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
import zlib

STARTS = 61
MEGABYTE = 1_000_000

# Target by column of the table.
LARGEST_BINARY = 8.0
LARGEST_ZIP = 3.5
SLOWEST_START = 8.0
SLOWEST_RANDOMNESS = 1.0

SECRET = json.dumps(
    {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_API_KEY": "SK" + "0" * 32,
        "TWILIO_API_SECRET": "secret",
    }
)
ANSWERS = {
    b"secretsmanager.GetSecretValue": {"Name": "credentials", "SecretString": SECRET},
    b"DynamoDB_20120810.BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    b"AmazonSQS.GetQueueAttributes": {"Attributes": {"QueueArn": "arn"}},
    b"Logs_20140328.CreateLogStream": {},
}


class World(threading.Thread):
    """The Runtime API, AWS and Twilio in one: answers everything at once, but the poll for an event
    never. Notes when that poll came."""

    def __init__(self):
        super().__init__(daemon=True)
        self.polled = threading.Event()
        self.at = 0
        self.unknown = set()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:{}".format(self.listener.getsockname()[1])
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.fileobj is self.listener:
                    connection, _ = self.listener.accept()
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.selector.register(connection, selectors.EVENT_READ, bytearray())
                else:
                    self.read(key.fileobj, key.data)

    def read(self, connection, received):
        try:
            data = connection.recv(65536)
        except ConnectionError:
            data = b""
        if not data:
            self.selector.unregister(connection)
            connection.close()
            return
        received += data
        head, complete, body = received.partition(b"\r\n\r\n")
        if not complete or len(body) < content_length(head):
            return
        if b"/runtime/invocation/next" in head:
            self.at = time.perf_counter()
            self.polled.set()
            return
        received.clear()
        connection.sendall(self.answer(head))

    def answer(self, head):
        if head.startswith(b"HEAD "):
            return b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        target = next(
            (bytes(line.split(b":", 1)[1].strip()) for line in head.split(b"\r\n") if line.lower().startswith(b"x-amz-target:")),
            None,
        )
        if target not in ANSWERS:
            self.unknown.add(target or bytes(head.split(b"\r\n")[0]))
        body = json.dumps(ANSWERS.get(target, {})).encode()
        return (
            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n%s"
            % (len(body), body)
        )


def content_length(head):
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


def environment(world):
    return {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_ENDPOINT_URL": f"http://{world.address}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_NAME": "relay",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "log",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_LAMBDA_RUNTIME_API": world.address,
        "AWS_REGION": "us-west-2",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AUDIT_LOG_GROUP": "audit",
        "CREDENTIALS_SECRET_ID": "credentials",
        "DELIVERIES_QUEUE_URL": f"http://{world.address}/0/deliveries",
        "BULK_QUEUE_URL": f"http://{world.address}/0/bulk",
        "KEPT_TEXTS_QUEUE_URL": f"http://{world.address}/0/kept-texts",
        "EVENT_BUS_NAME": "bus",
        "TABLE_NAME": "table",
        "TWILIO_API_URL": f"http://{world.address}",
    }


def start(binary, world):
    """Milliseconds from the process's creation to its first poll."""
    world.polled.clear()
    began = time.perf_counter()
    process = subprocess.Popen(
        [binary], env=environment(world), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    reached = world.polled.wait(10)
    process.kill()
    process.wait()
    if not reached:
        sys.exit(f"error: {binary} did not ask for an event within 10 s; run it by hand to see why")
    return 1000 * (world.at - began)


def zipped(content):
    """Bytes of the content in a zip archive, packed as tightly as it goes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # Local header, central directory and end record of one file named `bootstrap`.
    return len(packer.compress(content) + packer.flush()) + 30 + 46 + 22 + 2 * len("bootstrap")


def measured(name, binary, world):
    content = binary.read_bytes()
    starts = sorted(start(binary, world) for _ in range(STARTS))
    return {
        "function": name,
        "binary MB": len(content) / MEGABYTE,
        "zip MB": zipped(content) / MEGABYTE,
        "start ms (median)": statistics.median(starts),
        "fastest": starts[0],
        "p90": starts[int(0.9 * len(starts))],
        "one-machine code": b"SQLite format 3" in content,
    }


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    functions, bare = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    binaries = {path.parent.name: path for path in sorted(functions.glob("*/bootstrap"))}
    if not binaries:
        sys.exit(f"error: {functions} holds no functions; `make package ARCH={os.uname().machine}` builds them")
    world = World()
    world.start()
    rows = [measured("(bare lambda_runtime)", bare, world)]
    rows += [measured(name, binary, world) for name, binary in binaries.items()]
    randomness = statistics.median(
        int(subprocess.check_output([bare, "randomness"])) / 1e6 for _ in range(STARTS)
    )

    columns = [column for column in rows[0] if column != "one-machine code"]
    print("".join(f"{column:>20}" if n else f"{column:<24}" for n, column in enumerate(columns)))
    for row in rows:
        print("".join(f"{row[c]:>20.2f}" if n else f"{row[c]:<24}" for n, c in enumerate(columns)))
    print(f"\nfirst random bytes: {randomness:.3f} ms (median of {STARTS})")

    missed = [
        f"{row['function']}: {column} is {row[column]:.2f}, at most {target} is wanted"
        for row in rows[1:]
        for column, target in (
            ("binary MB", LARGEST_BINARY),
            ("zip MB", LARGEST_ZIP),
            ("start ms (median)", SLOWEST_START),
        )
        if row[column] > target
    ]
    missed += [f"{row['function']}: SQLite is linked" for row in rows[1:] if row["one-machine code"]]
    missed += [f"asked for, but not known here: {what}" for what in sorted(map(str, world.unknown))]
    if randomness > SLOWEST_RANDOMNESS:
        missed.append(f"first random bytes take {randomness:.3f} ms, at most {SLOWEST_RANDOMNESS} is wanted")
    for what in missed:
        print(f"missed: {what}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
