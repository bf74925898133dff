"""How a mail is shown on the ticket page (ASVS V1.3.1, V3.2.1)."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from helpdesk import files
from helpdesk.core.db import db
from helpdesk.tickets import actions
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories as make
from tests.help.attacks import ATTACKS, stings
from tests.help.desk import get

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


@pytest.fixture
def desk(client: FlaskClient) -> FlaskClient:
    """A call agent at the desk."""
    return make.sign_in(client, make.agent("Zhang Wei"))


def replied(ticket: Ticket, **more: object) -> Message:
    return actions.add_customer_message(
        ticket, by=make.CUSTOMER, channel="email", **{"body": "Still broken.", **more}
    )


def frame(ticket: Ticket, message: Message) -> str:
    return f"/tickets/{ticket.number}/messages/{message.id}/html"


def test_the_new_words_stand_open_and_the_quote_is_folded_in_both_languages(
    desk: FlaskClient,
) -> None:
    """Nothing is deleted: the fold holds the whole text."""
    ticket = make.ticket()
    replied(ticket, quoted="Still broken.\n-- \nAnn\n> Is it repaired?")
    page = get(desk, f"/tickets/{ticket.number}")
    shown = page[page.index("Still broken.") :]
    assert shown.index("Quoted text and signature") < shown.index("Is it repaired?")
    assert re.search(r'<details class="quoted">\s*<summary>', shown)
    make.sign_in(desk, make.agent("Li Na", language="zh_Hans"))
    assert "引用内容与签名" in get(desk, f"/tickets/{ticket.number}")


@pytest.mark.parametrize("asked", ["", "?images=1"])
def test_no_attack_survives_in_the_frame(desk: FlaskClient, asked: str) -> None:
    """Every attack in one body after the other, as the browser gets it."""
    ticket = make.ticket()
    message = replied(ticket, html="x")
    for attack in ATTACKS:
        message.html = f"<p>before</p>{attack}<p>after</p>".replace("\x00", "")  # as parsed
        db.session.commit()
        body = desk.get(frame(ticket, message) + asked).get_data(as_text=True)
        inside = body[body.index("<body>") + 6 : body.index("</body>")]
        blocked = re.sub(r'<div class="blocked".*?</div>', "", inside, flags=re.DOTALL)
        assert stings(blocked) == [], attack


def test_the_frame_runs_nothing_sends_nothing_and_loads_only_our_pictures(
    desk: FlaskClient,
) -> None:
    """Even markup that got through could do nothing: the policy stands by itself."""
    ticket = make.ticket()
    answer = desk.get(frame(ticket, replied(ticket, html="<p>Hi</p>")))
    policy = answer.headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "img-src 'self';",
        "style-src-elem 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "sandbox allow-same-origin allow-popups",
    ):
        assert part in policy, part
    assert "script" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_remote_pictures_wait_for_a_click_and_their_number_is_told(desk: FlaskClient) -> None:
    ticket = make.ticket()
    html = '<img src="https://a.example/1.gif"><img src="http://a.example/2.gif">'
    address = frame(ticket, replied(ticket, html=html))
    closed = get(desk, f"{address}?lang=en")
    assert "2 pictures from the web are not shown" in closed and "a.example" not in closed
    opened = get(desk, f"{address}?images=1")
    assert 'src="https://a.example/1.gif"' in opened and "http://a.example" not in opened


def test_a_relative_picture_of_a_mail_never_calls_one_of_our_pages(desk: FlaskClient) -> None:
    """A mail's picture with the address of a page of ours must not open it."""
    ticket = make.ticket()
    html = '<img src="/sign-out"><img src="/api/../sign-out"><img src="sign-out">'
    assert "sign-out" not in get(desk, frame(ticket, replied(ticket, html=html)))


def with_picture(ticket: Ticket) -> Message:
    stored = files.store(PNG, "lamp.png", "image/png", content_id="lamp@a")
    html = 'Look: <img src="cid:lamp@a">'
    return replied(ticket, html=html, files=(stored,))


def test_a_picture_of_the_mail_shows_in_its_place_only_for_who_may_see_the_ticket(
    desk: FlaskClient,
) -> None:
    ticket = make.ticket()
    message = with_picture(ticket)
    page = get(desk, frame(ticket, message))
    (address,) = re.findall(r'<img src="(/files/[^"]+)"', page)
    assert desk.get(address).data == PNG
    desk.delete_cookie("session")
    desk.post("/sign-out")
    with desk.application.test_client() as stranger:
        assert stranger.get(address).status_code in (302, 303, 401, 403, 404)
        assert stranger.get(frame(ticket, message)).status_code in (302, 303, 401, 403, 404)


@pytest.mark.parametrize(
    ("name", "mime", "content"),
    [
        ("a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
        ("a.html", "text/html", b"<script>x()</script>"),
        ("a.xhtml", "application/xhtml+xml", b"<html/>"),
    ],
)
def test_files_that_could_run_are_only_ever_downloads(
    desk: FlaskClient, name: str, mime: str, content: bytes
) -> None:
    ticket = make.ticket()
    message = replied(ticket, files=(files.store(content, name, mime),))
    file = db.session.query(Attachment).filter_by(message_id=message.id).one()
    answer = desk.get(f"/files/{file.key}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert not answer.headers["Content-Type"].startswith(("text/html", "image/svg"))


def test_a_mail_of_another_ticket_is_not_found_under_this_one(desk: FlaskClient) -> None:
    one, other = make.ticket(), make.ticket(subject="Another")
    message = replied(other, html="<p>x</p>")
    assert desk.get(frame(one, message)).status_code == 404


def test_automatic_and_protected_mails_carry_a_small_mark(desk: FlaskClient) -> None:
    """Nothing claims that a signature was checked."""
    ticket = make.ticket()
    replied(ticket, mail={"automatic": True, "protection": {"kind": "signed", "by": "PGP"}})
    page = get(desk, f"/tickets/{ticket.number}?lang=en")
    assert "Written by a machine" in page and "Signed with PGP, not checked" in page


def test_an_invitation_shows_when_where_and_who_asks(desk: FlaskClient) -> None:
    ticket = make.ticket()
    told = {
        "method": "REQUEST",
        "title": "Inspection",
        "begins": "2026-12-01T01:00:00+00:00",
        "ends": "",
        "place": "Nanjing Road 5",
        "organiser": "Ann <ann@a.example>",
    }
    replied(ticket, mail={"invite": told})
    page = get(desk, f"/tickets/{ticket.number}?lang=en")
    for part in ("Inspection", "1 Dec, 09:00", "Nanjing Road 5", "Ann &lt;ann@a.example&gt;"):
        assert part in page, part


def test_the_raw_mail_is_offered_only_to_those_who_may_review_mail(desk: FlaskClient) -> None:
    ticket = make.ticket()
    replied(ticket, mail={"mail_id": 77})
    address = f"/tickets/{ticket.number}"
    assert "/mail/77/raw" in get(desk, address)
    make.sign_in(desk, make.agent("Auditor", "auditor"))
    assert "/mail/77/raw" not in get(desk, address)
