"""What a process loads before it does its work: no more than it needs."""

import json
import subprocess
import sys
from pathlib import Path

from helpdesk.channels.email import apart
from helpdesk.channels.email.parser import parse

ROOT = Path(__file__).parent.parent


def loaded(statement: str) -> set[str]:
    """The packages that are there after this statement, in a process of its own."""
    asked = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_who_never_prints_does_not_load_the_printing_libraries() -> None:
    """They weigh 25 MB and a second, and a receiver of mail or a timer needs neither."""
    assert not {"fpdf", "fontTools", "PIL"} & loaded("import wsgi")


def test_the_reader_of_a_large_mail_does_not_load_the_program() -> None:
    """It is started for each of them, and the program takes ten times as long to load."""
    found = loaded("import helpdesk.channels.email.apart")
    assert "lxml" in found
    assert not {"flask", "sqlalchemy", "redis"} & found


def test_a_large_mail_is_read_apart_as_it_is_here() -> None:
    words = b"From: Ann <ann@a.example>\r\nSubject: Lamp\r\n\r\nIt is broken.\r\n"
    large = words + b"Still broken.\r\n" * (apart.SMALL // 15)
    assert len(large) > apart.SMALL
    assert apart.parse_safely(large) == parse(large)
