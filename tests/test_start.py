"""What a process loads before it does its work: no more than it needs."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from helpdesk.channels.email.reading import sandbox
from helpdesk.channels.email.reading.parser import parse

ROOT = Path(__file__).parent.parent


RARE = (
    *("fpdf", "fontTools", "PIL"),  # print: 25 MB and a second
    *("cryptography.fernet", "joserfc"),  # open a mailbox's password, ask for its consent: 10 MB
    *("holidays", "icalendar", "dns.resolver"),  # fill calendars, read invitations, ask the DNS
)


def loaded(statement: str) -> set[str]:
    """The modules that are there after this statement, in a process of its own."""
    asked = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout))


def test_what_few_need_is_loaded_when_they_need_it() -> None:
    assert all(map(find_spec, RARE))
    assert not loaded("import wsgi").intersection(RARE)


def test_the_reader_of_a_large_mail_does_not_load_the_program() -> None:
    """It is started for each of them, and the program takes ten times as long to load."""
    found = loaded("import helpdesk.channels.email.reading.sandbox")
    assert "lxml" in found
    assert not found.intersection(("flask", "sqlalchemy", "redis", "icalendar"))


def test_a_large_mail_is_read_apart_as_it_is_here() -> None:
    words = b"From: Ann <ann@a.example>\r\nSubject: Lamp\r\n\r\nIt is broken.\r\n"
    large = words + b"Still broken.\r\n" * (sandbox.SMALL // 15)
    assert len(large) > sandbox.SMALL
    assert sandbox.parse_safely(large) == parse(large)
