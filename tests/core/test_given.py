"""Numbers and words from outside: one reader, and no text that makes it fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

import helpdesk
from helpdesk.core.given import tidy, whole, wholes
from tests.help import factories as make

PROGRAM = Path(helpdesk.__file__).parent
LONG = "9" * 5000  # Python refuses to make a number of so many digits


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("7", 7), (" 12 ", 12), (12, 12), ("2147483647", 2147483647),
        ("2147483648", None), ("99999999999", None), (LONG, None), ("", None), (None, None),
        ("-1", None), ("+1", None), ("1.0", None), ("1e3", None), ("²", None), ("٣", None),
        ("１２", None), ("1 2", None), ("0x10", None), ("1\x002", None), ("new", None),
    ],
)  # fmt: skip
def test_a_number_is_one_of_plain_digits_that_a_row_can_have(
    text: object, number: int | None
) -> None:
    assert whole(text) == number


def test_what_is_no_number_is_left_out_of_several() -> None:
    assert wholes(["3", "x", LONG, "", "5"]) == [3, 5]


def test_words_have_plain_line_ends_and_nothing_that_no_database_keeps() -> None:
    assert tidy(" \r\na\r\nb\rc\x00d \n") == "a\nb\ncd"


def test_a_number_of_five_thousand_digits_is_no_error_of_ours(client: FlaskClient) -> None:
    ticket = make.ticket()
    make.sign_in(client, make.agent("Chen Jing", "supervisor"))
    fields = {"agent": LONG, "do": "assign", "number": ticket.number, "version": LONG}
    fields |= {"person": LONG, "draft": LONG, "keep": LONG, "body": "words", "mail": LONG}
    doors = (
        "/tickets/bulk",
        f"/tickets/{ticket.number}/asker",
        f"/tickets/{ticket.number}/messages",
        f"/tickets/{ticket.number}/assign",
        f"/customers/{ticket.person_id}",
        "/mail/many",
    )
    for door in doors:
        assert client.post(door, data=fields).status_code < 500, door
    for page in (f"/mail?before={LONG}", f"/kb?after={LONG}", f"/tickets?assignee={LONG}"):
        assert client.get(page).status_code < 500, page


def test_nobody_makes_a_number_of_a_field_in_a_way_of_their_own() -> None:
    """int() fails for thousands of digits, however they were looked at."""
    own = re.compile(r"int\([^()\n]*\) if [^\n]*isdecimal\(\)|int\(each\) for each")
    found = {
        str(p.relative_to(PROGRAM)) for p in PROGRAM.rglob("*.py") if own.search(p.read_text())
    }
    at_their_length = {"setup/options/pages.py", "setup/promises/drafts.py"}
    not_from_outside = {"channels/email/fetching/imap.py", "statistics/judging.py"}
    assert found == at_their_length | not_from_outside
