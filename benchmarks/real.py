"""Real cases from the material that lies beside the project: read for a run, never copied into it."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

SHARED = Path(__file__).parent.parent.parent / "shared"
csv.field_size_limit(2**24)


@dataclass
class Case:
    """One real case and what became of it."""

    door: str  # web, api, email
    subject: str
    body: str
    raw: bytes = b""  # of a mail
    number: str = ""  # the ticket that we were told
    outcome: str = ""  # ticket, reply, quarantined; "" when it was not accepted
    told: str = ""  # what the door answered
    differs: list[str] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """The fingerprint of a mail."""
        return hashlib.sha256(self.raw).hexdigest()


def shown(text: str) -> str:
    """The text as it must come back: CRLF becomes LF, NUL is removed, outer blanks are stripped."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def is_there(folder: Path) -> bool:
    """Whether the material lies there."""
    return (folder / "data" / "zh_gov_messages").is_dir()


def messages(folder: Path, count: int) -> list[Case]:
    """Messages of citizens to their government, in Chinese."""
    rows = _rows(folder / "data/zh_gov_messages/messages_dev.csv.gz")
    return [Case("web", row["留言主题"][:200], row["留言详情"]) for row in islice(rows, count)]


def narratives(folder: Path, count: int) -> list[Case]:
    """Complaints of bank customers, in English."""
    data = folder / "data" / "cfpb_complaints"
    raw = _narratives(data / "complaints_with_narrative_dev.csv.gz", "consumer_complaint_narrative")
    cleaned = _narratives(data / "narratives_cards_accounts_dev.csv.gz", "narrative_cleaned")
    return list(islice(chain(raw, cleaned), count))


def mails(folder: Path) -> list[Case]:
    """Mails that other desks had trouble with; the same bytes count once."""
    found = sorted((folder / "fixtures" / "email" / "zammad").glob("*.box"))
    cases = [Case("email", path.name, "", path.read_bytes()) for path in found]
    return list({case.sha256: case for case in cases}.values())


def _narratives(path: Path, column: str) -> Iterator[Case]:
    for row in _rows(path):
        if shown(row[column]):
            yield Case("api", f"{row['product']}: {row['issue']}"[:200], row[column])


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
