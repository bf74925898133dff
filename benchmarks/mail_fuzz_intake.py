"""Hostile mails: `benchmarks/mail_fuzz_intake [--mails 5000] [--seed 1] [--folder FOLDER]` (F17).

Each mail is a real one (of FOLDER, ../shared/fixtures/email beside this checkout by default, and of
a few of our own) that was broken by chance: bytes changed, cut, doubled, headers dropped or forged,
charsets swapped, parts nested deep. Each goes through the whole way in, on a database of its own.
Fails when one raises, takes two seconds of processor time, has no outcome, or is not kept byte for byte.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import process_time

from helpdesk import create_app, search, settings
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.keeping import identity, raw_of
from helpdesk.core.db import db
from helpdesk.seeds.defaults import seed_defaults

MOST_SECONDS = 2.0
NO_MAILS = {".json", ".yml", ".md"}
CHARSETS = (b"gb2312", b"gb18030", b"utf-8", b"x-unknown", b"utf-7", b"iso-2022-jp", b"", b"big5")
HEADERS = (
    b"From: ",
    b"From: <Group>: ;",
    b"From: =?gb2312?B?////?= <a@b.example>",
    b"Date: Fri, 32 Foo 2050 99:99:99 +9999",
    b"Subject: =?utf-8?Q?=ff=fe=00?=",
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Type: text/plain; charset=\xff\xfe",
    b"Content-Transfer-Encoding: base64",
    b"In-Reply-To: <" + b"x" * 5000 + b">",
    b"References: " + b"<a@b> " * 2000,
    b"To: " + b"a@b.example, " * 2000,
    b"no header at all",
)
OWN = (
    b"From: a@b.example\nSubject: plain\n\nwords\n",
    "From: 王芳 <w@b.example>\nSubject: 冰箱\nContent-Type: text/plain; charset=gb2312\n\n不制冷\n".encode(
        "gb18030"
    ),
    b"From: a@b.example\nContent-Type: text/html\n\n" + b"<div>" * 3000 + b"deep",
    b"",
    b"\x00" * 1000,
)


def originals(folder: Path) -> list[bytes]:
    """The mails that are broken."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [*OWN, *(path.read_bytes() for path in found if path.suffix not in NO_MAILS)]


def broken(mails: list[bytes], number: int, seed: int) -> Iterator[bytes]:
    """So many broken mails; the same seed gives the same ones."""
    chance = random.Random(seed)
    for _ in range(number):
        raw = chance.choice(mails)
        for _turn in range(chance.randint(1, 4)):
            raw = chance.choice(WAYS)(raw, chance)
        yield raw


def _bytes(raw: bytes, chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(min(len(raw), chance.randint(1, 40))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randint(0, len(raw))]


def _doubled(raw: bytes, chance: random.Random) -> bytes:
    at = chance.randint(0, len(raw))
    return raw[:at] + raw[: 1 << 20][chance.randint(0, min(len(raw), 1 << 20)) :] + raw[at:]


def _header(raw: bytes, chance: random.Random) -> bytes:
    return chance.choice(HEADERS) + b"\n" + raw


def _dropped(raw: bytes, chance: random.Random) -> bytes:
    lines = raw.split(b"\n")
    del lines[chance.randrange(min(len(lines), 20))]
    return b"\n".join(lines)


def _charset(raw: bytes, chance: random.Random) -> bytes:
    return raw.replace(chance.choice(CHARSETS) or b"utf", chance.choice(CHARSETS))


def _nested(raw: bytes, chance: random.Random) -> bytes:
    for level in range(chance.randint(1, 50)):
        mark = b"b%d" % level
        raw = (
            b'Content-Type: multipart/mixed; boundary="' + mark + b'"\n\n--' + mark + b"\n" + raw
        ) + (b"\n--" + mark + b"--\n" if chance.random() < 0.7 else b"")
    return b"From: n@b.example\nSubject: nested\n" + raw


WAYS = (_bytes, _cut, _doubled, _header, _dropped, _charset, _nested)


def problem(raw: bytes) -> tuple[str, str, float]:
    """What is wrong with how a mail was taken ('' when nothing is), its outcome, its seconds."""
    began = process_time()
    row = deliver(raw)
    seconds = process_time() - began
    kept = raw_of(row)
    if kept != raw and identity(kept) != identity(raw):
        return "not kept byte for byte", row.outcome, seconds
    if row.outcome == "stored" or row.reason == "error":
        return f"not worked on: {row.detail}", row.outcome, seconds
    return ("slow" if seconds > MOST_SECONDS else ""), row.outcome, seconds


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    here = Path(__file__).resolve().parent.parent.parent / "shared/fixtures/email"
    parser.add_argument("--folder", type=Path, default=here)
    given = parser.parse_args()
    mails = originals(given.folder)
    outcomes: Counter[str] = Counter()
    wrong, slowest = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings.load({"HELPDESK_INSTANCE": folder, "HELPDESK_LANGUAGE": "en"}))
        with app.app_context():
            _prepare()
            for number, raw in enumerate(broken(mails, given.mails, given.seed)):
                found, outcome, seconds = problem(raw)
                outcomes[outcome] += 1
                slowest = max(slowest, seconds)
                if found:
                    wrong.append(f"mail {number}: {found} ({seconds:.2f} s)")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.mails} broken mails of {len(mails)}, seed {given.seed}: {dict(outcomes)}")
    print(f"slowest {slowest:.2f} s, memory at most {memory:.0f} MB, wrong {len(wrong)}")
    print("\n".join(wrong[:20]))
    sys.exit(1 if wrong else 0)


def _prepare() -> None:
    db.create_all()
    with db.engine.begin() as connection:
        search.create(connection)
    seed_defaults()


if __name__ == "__main__":
    main()
