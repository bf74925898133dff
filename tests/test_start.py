"""What a process loads before it does its work: no more than it needs."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from helpdesk.channels.email.reading import sandbox
from helpdesk.channels.email.reading.parser import parse
from tests.help.servers import environment

ROOT = Path(__file__).parent.parent


RARE = (
    *("fpdf", "fontTools", "PIL"),  # print: 25 MB and a second
    *("cryptography.fernet", "joserfc"),  # open a mailbox's password, ask for its consent: 10 MB
    *("holidays", "icalendar", "dns.resolver"),  # fill calendars, read invitations, ask the DNS
    *("lxml", "inscriptis", "babel.messages"),  # read a mail in HTML, write a catalogue: 4 MB
    *("requests", "urllib3"),  # ask a provider for tokens, be a client of Socket.IO: 5 MB
    *("asn1crypto.cms", "charset_normalizer"),  # read a signed mail, one without a true label: 4 MB
    *("aiosmtpd", "benchmarks.load.run"),  # receive mail, invent a load: 3 MB
)
SERVERS = ("redis", "rq", "psycopg")  # where the database is a file and there is no queue: 13 MB


def loaded(statement: str, environ: dict[str, str] | None = None) -> set[str]:
    """The modules that are there after this statement, in a process of its own."""
    asked = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


def test_what_few_need_is_loaded_when_they_need_it() -> None:
    assert all(map(find_spec, RARE))
    assert not loaded("import wsgi").intersection(RARE)


def test_a_running_program_looks_for_garbage_seldom_and_not_in_what_is_loaded() -> None:
    """Looking took a tenth of what pages and openings cost on average."""
    asked = "import gc, wsgi; assert gc.isenabled() and gc.get_freeze_count() > 50_000"
    loaded(f"{asked}; assert gc.get_threshold()[0] == wsgi.SELDOM")


def test_drivers_of_servers_are_loaded_where_there_are_servers(tmp_path: Path) -> None:
    """What is loaded when a desk starts is shared by all processes forked from it, what comes later is not."""
    alone = environment(tmp_path)
    beside = environment(
        tmp_path,
        DATABASE_URL="postgresql://127.0.0.1:1/nowhere",
        REDIS_URL="redis://127.0.0.1:1/0",
        SECRET_KEY="a key that all processes share",
    )
    assert not loaded("import wsgi", alone).intersection(SERVERS)
    assert loaded("import wsgi", beside).issuperset(SERVERS)


def test_the_reader_of_a_large_mail_does_not_load_the_program() -> None:
    """It is started for each of them, and the program takes ten times as long to load."""
    found = loaded("import helpdesk.channels.email.reading.sandbox")
    assert "helpdesk.channels.email.reading.parser" in found
    assert not found.intersection(("flask", "sqlalchemy", "redis", "icalendar"))


def test_a_large_mail_is_read_apart_as_it_is_here() -> None:
    words = b"From: Ann <ann@a.example>\r\nSubject: Lamp\r\n\r\nIt is broken.\r\n"
    large = words + b"Still broken.\r\n" * (sandbox.SMALL // 15)
    assert len(large) > sandbox.SMALL
    assert sandbox.parse_safely(large) == parse(large)
