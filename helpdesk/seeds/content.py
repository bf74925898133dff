"""The seeds' texts lie as JSON beside this module; here they are read and mail addresses are made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
HOST = "example.com"  # reserved by RFC 2606: nobody's mailbox


def load(name: str) -> Any:
    """The content of data/<name>.json."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def stories() -> list[dict[str, Any]]:
    """Every story of data/stories_*.json, in the order of the files."""
    files = sorted(DATA.glob("stories_*.json"))
    return [story for file in files for story in json.loads(file.read_text(encoding="utf-8"))]


def mail_of(key: str) -> str:
    """The address of an invented colleague."""
    return f"{key}@{HOST}"
