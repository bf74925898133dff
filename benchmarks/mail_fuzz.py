"""Broken mails by the thousand: `benchmarks/mail_fuzz [FOLDER] [--count 5000] [--seed 1]` (F17).

Each mail is a real one after one to four seeded mutations. A crash is any exception but
Unreadable; a slow one takes over 2 s of CPU; memory is capped for the whole run. Prints what
failed with its number, so that --seed and --only repeat it, and exits 1 when anything did.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import process_time
from types import FrameType

from helpdesk.channels.email.reading.parser import Unreadable, parse

SECONDS = 2.0
MEMORY = 300 << 20
MAX_BYTES = 400_000  # a mutant that grew beyond this is cut: size is not what is tested here
NO_MAILS = {".json", ".yml", ".md"}
LABELS = (
    b"gb2312 utf-8 big5 iso-2022-jp utf-7 utf-16 hz x-unknown idna us-ascii \xff cp-850"
).split()
TOKENS = (
    b"\x00", b"\r", b"\n\n", b"--", b"=?gb2312?B?xOM=", b"=?utf-8?q?=E4=BD?=", b"%u0000", b"\x1b$B",
    b"Content-Type: multipart/mixed; boundary=\"\"\n", b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n", b"filename*0*=gb2312''%", b"<!--", b"<table><tr><td>",
    b"From: \"<(,;:\n", b"References: <<<>>>\n", b"> > > ", b"On 1.1.2026, x wrote:\n", b"\xed\xa0\x80",
    b"----- Original Message -----\n", b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"\x78\x9f\x3e\x22", b"|",
)  # fmt: skip
Mutation = Callable[[bytes, random.Random], bytes]


class TooSlow(BaseException):
    """Raised inside the parser when its time is over."""


def flip(raw: bytes, rng: random.Random) -> bytes:
    """Some bytes become others."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 1 + len(data) // 50)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


def cut(raw: bytes, rng: random.Random) -> bytes:
    """A piece is missing, most often the end."""
    start = rng.randrange(len(raw))
    return raw[:start] + (raw[start + rng.randrange(2_000) :] if rng.random() < 0.5 else b"")


def repeat(raw: bytes, rng: random.Random) -> bytes:
    """A piece comes many times over."""
    start = rng.randrange(len(raw))
    piece = raw[start : start + rng.choice((1, 4, 60, 900))]
    return raw[:start] + piece * rng.choice((2, 50, 3_000)) + raw[start:]


def insert(raw: bytes, rng: random.Random) -> bytes:
    """Something with a meaning stands where it does not belong, perhaps many times."""
    at = rng.randrange(len(raw))
    return raw[:at] + rng.choice(TOKENS) * rng.choice((1, 1, 2, 40, 5_000)) + raw[at:]


def shuffle(raw: bytes, rng: random.Random) -> bytes:
    """Some lines change places."""
    lines = raw.split(b"\n")
    for _ in range(rng.randint(1, 8)):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def relabel(raw: bytes, rng: random.Random) -> bytes:
    """A charset's name is another one's."""
    at = raw.lower().find(b"charset", rng.randrange(len(raw)))
    mark = raw.find(b"=", at) + 1
    return raw[:mark] + rng.choice(LABELS) + raw[mark + 5 :] if at >= 0 and mark else raw


def nest(raw: bytes, rng: random.Random) -> bytes:
    """The mail stands inside others, deeper than anybody goes."""
    mark = b"n%d" % rng.randrange(1000)
    head = b"Content-Type: multipart/mixed; boundary=%s\n\n--%s\n" % (mark, mark)
    return head * rng.choice((1, 5, 60, 2_000)) + raw


def endings(raw: bytes, rng: random.Random) -> bytes:
    """All line ends are of another kind."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r", b" \n")))


MUTATIONS: tuple[Mutation, ...] = (flip, cut, repeat, insert, shuffle, relabel, nest, endings)


def mutant(mails: list[bytes], seed: int, number: int) -> bytes:
    """The mutant with this number: always the same one for the same mails and seed."""
    rng = random.Random(f"{seed}/{number}")
    raw = rng.choice(mails)
    for _ in range(rng.randint(1, 4)):
        raw = rng.choice(MUTATIONS)(raw or b"\n", rng)[:MAX_BYTES]
    if rng.random() < 0.1:
        raw = raw[: len(raw) // 2] + rng.choice(mails)[:MAX_BYTES]
    return raw


@dataclass(slots=True)
class Findings:
    """What went wrong, as lines for people, and the longest time."""

    wrong: list[str] = field(default_factory=list)
    read: int = 0
    slowest: float = 0.0


def run(mails: list[bytes], seed: int, numbers: Iterator[int] | range) -> Findings:
    """Read every mutant; a crash or a slow one is noted and the next one follows."""
    found = Findings()
    signal.signal(signal.SIGVTALRM, _stop)
    for number in numbers:
        raw = mutant(mails, seed, number)
        begin = process_time()
        problem = _read(raw)
        taken = process_time() - begin
        found.read += 1
        found.slowest = max(found.slowest, taken)
        if problem or taken > SECONDS:
            found.wrong.append(f"{number}: {problem or 'slow'} ({taken:.1f} s, {len(raw)} bytes)")
    return found


def _read(raw: bytes) -> str:
    signal.setitimer(signal.ITIMER_VIRTUAL, 5 * SECONDS)
    try:
        json.dumps(parse(raw).as_json(), ensure_ascii=False).encode()
    except Unreadable:
        return ""
    except TooSlow:
        return "slow"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return ""


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise TooSlow


def mails_in(folder: Path) -> list[bytes]:
    """Every mail below the folder, in the order of their names."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in NO_MAILS)
    return [raw for path in sorted(files) if (raw := path.read_bytes())]


def main() -> None:
    """Print how many mutants were read, what failed, and the slowest."""
    default = Path(__file__).resolve().parents[2] / "shared" / "fixtures" / "email"
    asked = argparse.ArgumentParser(prog="benchmarks/mail_fuzz", description="Broken mails.")
    asked.add_argument("folder", type=Path, nargs="?", default=default)
    asked.add_argument("--count", type=int, default=5_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--only", type=int, help="read just this one")
    given = asked.parse_args()
    if not given.folder.is_dir():
        sys.exit(f"No mails in {given.folder}: name their folder.")
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    numbers = range(given.count) if given.only is None else range(given.only, given.only + 1)
    found = run(mails_in(given.folder), given.seed, numbers)
    for line in found.wrong:
        print(line)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{found.read} broken mails, seed {given.seed}: {len(found.wrong)} crashed or slow (aim 0),",
        end="",
    )
    print(
        f" slowest {found.slowest:.2f} s of CPU (aim {SECONDS:.0f}), memory {memory:.0f} MB (cap 300)"
    )
    sys.exit(bool(found.wrong))


if __name__ == "__main__":
    main()
