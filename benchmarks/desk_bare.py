"""The bare limit: `python -m benchmarks.desk_bare COUNT RATE SECONDS BYTES`, driven by benchmarks.desk.

A gevent loop that knows nothing: it takes COUNT connections and writes a frame of so many bytes to all of
them, RATE times a second. Prints its port, waits for a line, and prints what it sent, when, and its CPU.
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402  (gevent patches first)
import socket  # noqa: E402
import struct  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

from tests.help.holding import room_for  # noqa: E402


def main(count: int, rate: float, seconds: float, size: int) -> None:
    """Take everybody in, then write."""
    room_for(count)
    with socket.create_server(("127.0.0.1", 0), backlog=count) as server:
        print(server.getsockname()[1], flush=True)
        wires = [server.accept()[0] for _ in range(count)]
    sys.stdin.readline()
    sent, began, spent = [], time.monotonic(), time.process_time()
    for seq in range(int(rate * seconds)):
        time.sleep(max(0.0, began + seq / rate - time.monotonic()))
        sent.append((str(seq), seq, time.time()))
        frame = _frame(seq, size)
        for wire in wires:
            wire.sendall(frame)
    used = time.process_time() - spent
    print(json.dumps({"sent": sent, "cpu": used}), flush=True)
    sys.stdin.readline()


def _frame(seq: int, size: int) -> bytes:
    text = f'42["change",{{"topic":"queue:all","seq":{seq},"name":"bare","ticket":"{seq}"}}]'
    data = text.encode().ljust(max(size, 130))
    return b"\x81\x7e" + struct.pack(">H", len(data)) + data


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
