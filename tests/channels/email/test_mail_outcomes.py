"""What becomes of a mail, and why: threads, machines, reports, copies, and the daily proof."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from helpdesk.channels.email import ledger
from helpdesk.channels.email.deciding import brakes, inbound
from helpdesk.channels.email.deciding.inbound import deliver, process_stored, take
from helpdesk.channels.email.deciding.verdicts import Settled
from helpdesk.channels.email.keeping import Came, identity
from helpdesk.channels.email.models import InboundMail
from helpdesk.clock import now
from helpdesk.core import options
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import Busy
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from helpdesk.settings import settings
from helpdesk.tickets import actions, mail_ids
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help.mails import bounce, count, mail, our_id, said


def fresh(row: InboundMail) -> InboundMail:
    return db.session.get_one(InboundMail, row.id, populate_existing=True)


# Where it lands


@pytest.mark.parametrize(
    ("header", "rule"), [("In_Reply_To", "in_reply_to"), ("References", "references")]
)
def test_each_message_tells_why_it_landed_on_its_ticket(app: Flask, header: str, rule: str) -> None:
    """The rule, the header and the match are kept with the mail and its message."""
    ticket = make.ticket()
    row = deliver(mail("noch etwas", **{header: our_id(ticket)}))
    newest = db.session.scalars(select(Message).order_by(Message.id.desc())).first()
    assert row.why == newest.data["why"]
    assert (row.why["rule"], row.why["number"]) == (rule, ticket.number)
    assert ticket.number in row.why["match"]


def test_the_reply_address_of_a_ticket_leads_to_it_without_any_header(app: Flask) -> None:
    """A reply with the token address joins its ticket."""
    ticket = make.ticket()
    tag = mail_ids.reply_tag(ticket.number, settings().secret_key)
    row = deliver(mail("per Adresse", To=f"support+{tag}@example.net"))
    assert (row.outcome, row.ticket_id, row.why["rule"]) == ("reply", ticket.id, "token")
    forged = f"support+{tag[:-4]}0000@example.net"
    assert deliver(mail("forged", To=forged)).outcome == "ticket"


def test_the_reply_address_does_not_let_a_stranger_in(app: Flask) -> None:
    """A valid token in a stranger's hands still needs an agent's approval."""
    ticket = make.ticket()
    tag = mail_ids.reply_tag(ticket.number, settings().secret_key)
    row = deliver(mail("let me in", From="eve@example.org", To=f"support+{tag}@example.net"))
    assert (row.outcome, row.reason, row.ticket_id) == ("held", "stranger", ticket.id)
    assert "let me in" not in said(ticket)


@pytest.mark.parametrize("subject", ["Fwd: 冰箱", "FW: 冰箱", "转发：冰箱"])
def test_a_forwarded_mail_begins_a_ticket_of_its_own(app: Flask, subject: str) -> None:
    """Fwd does not join, though it carries our reference."""
    ticket = make.ticket()
    row = deliver(mail("see below", Subject=subject, In_Reply_To=our_id(ticket)))
    assert (row.outcome, row.why["rule"], row.why["number"]) == ("ticket", "forward", ticket.number)
    assert row.ticket_id != ticket.id


def test_copy_receivers_gain_nothing(app: Flask) -> None:
    """Cc never grants access: who is in Cc stays a stranger, and gets no mail of ours."""
    ticket = make.ticket()
    deliver(mail("with a friend", Cc="eve@example.org", In_Reply_To=our_id(ticket)))
    row = deliver(mail("now me", From="eve@example.org", In_Reply_To=our_id(ticket)))
    assert row.outcome == "held"
    deliver_due()
    assert "eve@example.org" not in set(db.session.scalars(select(Envelope.recipient)))


def test_a_forged_reference_and_a_written_number_gain_a_stranger_nothing(app: Flask) -> None:
    """Nothing visible is added to the ticket, and its text is not sent to the stranger."""
    ticket = make.ticket(subject="SECRET MATTER")
    before = said(ticket)
    deliver(mail("a", From="eve@example.org", Subject=f"Re: [{ticket.number}]"))
    deliver(mail("b", From="eve@example.org", In_Reply_To=our_id(ticket)))
    deliver(mail("c", From="eve@example.org", In_Reply_To=f"<{ticket.number}.e1.0@localhost>"))
    deliver_due()
    assert said(ticket) == before
    to_eve = select(Envelope).where(Envelope.recipient == "eve@example.org")
    for sent in db.session.scalars(to_eve):
        assert "SECRET" not in sent.subject + sent.body


def test_whom_a_colleague_let_in_once_may_go_on_on_that_ticket_only(
    app: Flask, client: FlaskClient
) -> None:
    ticket, other = make.ticket(), make.ticket(subject="ein anderes")
    held = deliver(mail("ich auch", From="eve@example.org", In_Reply_To=our_id(ticket)))
    make.sign_in(client, make.agent())
    client.post(f"/mail/{held.id}/accept")
    again = deliver(mail("noch was", From="eve@example.org", In_Reply_To=our_id(ticket)))
    elsewhere = deliver(mail("und hier", From="eve@example.org", In_Reply_To=our_id(other)))
    assert (again.outcome, elsewhere.outcome) == ("reply", "held")


def test_a_second_thought_on_the_customers_own_mail_joins_its_ticket(app: Flask) -> None:
    """zammad#5716: references to mails that we received, not only to ours."""
    with transaction() as session:
        proof = {"proof_by": "mx.example.net"}
        session.add(Mailbox(name="support", address="support@example.net", kind="smtp", **proof))
    first = deliver(mail("eins", Message_ID="", **{"Message-ID": "<first@example.com>"}))
    given = {"Message-ID": "<2@example.com>", "References": "<first@example.com>"}
    passed = b"Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\n"
    second = deliver(passed + mail("zwei", **given))
    assert (second.outcome, second.ticket_id) == ("reply", first.ticket_id)
    assert second.why["rule"] == "own_thread"


def test_an_answer_to_a_case_closed_long_ago_opens_a_new_one(app: Flask) -> None:
    ticket = make.ticket()
    with transaction() as session:
        row = session.get_one(Ticket, ticket.id)
        row.status, row.closed_at = "closed", now().replace(year=now().year - 1)
    mine = deliver(mail("es ist wieder kaputt", In_Reply_To=our_id(ticket)))
    assert (mine.outcome, mine.why["rule"]) == ("ticket", "too_late")
    assert mine.why["number"] == ticket.number


# Machines


def test_an_out_of_office_answer_leaves_a_mark_and_changes_nothing(app: Flask) -> None:
    """No reply, no reopening, no owner change, and no answer from us."""
    ticket = make.ticket()
    with transaction() as session:
        known = session.get_one(Ticket, ticket.id)
        known.status, known.closed_at = "closed", now()
    row = deliver(mail("I am away", In_Reply_To=our_id(ticket), Auto_Submitted="auto-replied"))
    assert (row.outcome, row.reason, row.ticket_id) == ("ignored", "away", ticket.id)
    marks = [m for m in db.session.scalars(select(Message)) if "I am away" in m.body]
    assert [(m.kind, m.public) for m in marks] == [("note", False)]
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "closed"


def test_away_answers_newsletters_and_our_own_mail_open_no_ticket(app: Flask) -> None:
    """away@ and bounces cause no ticket."""
    ticket = make.ticket()
    before = count(Ticket)
    rows = [
        deliver(mail("away", Auto_Submitted="auto-replied")),
        deliver(mail("news", List_Id="<news.example.com>", Precedence="bulk")),
        deliver(mail("ours", **{"Message-ID": our_id(ticket, "e9")})),
        deliver(bounce("<unknown@example.com>", "x@example.com")),
    ]
    assert [(r.outcome, r.reason) for r in rows] == [
        ("ignored", "away"),
        ("held", "bulk"),
        ("ignored", "own"),
        ("ignored", "bounce"),
    ]
    assert count(Ticket) == before


def test_ten_identical_mails_in_a_minute_stop_at_a_limit(app: Flask) -> None:
    """Whatever their headers say; the rest waits for a person, none is lost."""
    rows = [
        deliver(mail("同样的话", **{"Message-ID": f"<{n}@example.com>"}, Subject=f"Re: {n}"))
        for n in range(10)
    ]
    assert [r.outcome for r in rows].count("ticket") == brakes.SAME_MAILS
    assert [(r.outcome, r.reason) for r in rows[-3:]] == [("held", "loop")] * 3


def test_a_customer_may_send_photo_after_photo_with_the_same_words(app: Flask) -> None:
    """A telephone sends one photo in each mail; only the same photo again counts as the same."""
    photos = [_photo(n, content) for n, content in enumerate([b"1", b"2", b"3", b"4", b"4", b"4"])]
    assert [deliver(each).outcome for each in photos] == ["ticket"] * 6
    assert deliver(_photo(6, b"4")).outcome == "held"


def _photo(number: int, content: bytes) -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "wang.fang@example.com", "照片"
    message["Message-ID"] = f"<photo{number}@example.com>"
    message.set_content("发自我的手机")
    message.add_attachment(content, maintype="image", subtype="jpeg", filename="IMG.jpg")
    return message.as_bytes()


def test_identical_replies_stop_at_a_limit_too(app: Flask) -> None:
    ticket = make.ticket()
    for n in range(10):
        deliver(mail("我不在", In_Reply_To=our_id(ticket), **{"Message-ID": f"<{n}@example.com>"}))
    assert said(ticket).count("我不在") == brakes.SAME_MAILS


def test_machines_together_stop_at_a_limit_of_the_mailbox(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brake per channel: many machines, each with words of its own."""
    monkeypatch.setattr(brakes, "MACHINE_MAILS", 4)
    rows = [
        deliver(mail(f"alarm {n}", From=f"m{n}@example.com", Auto_Submitted="auto-generated"))
        for n in range(6)
    ]
    assert [r.outcome for r in rows] == ["ticket"] * 4 + ["held"] * 2


def test_a_machine_that_hides_gets_one_automatic_answer_an_hour(app: Flask) -> None:
    """100 messages of away-rude@ cause one automatic answer, and few tickets."""
    for n in range(100):
        deliver(mail("I am away.", Subject=f"Re: {n}", **{"Message-ID": f"<r{n}@example.com>"}))
    deliver_due(limit=500)
    receipts = select(Envelope.state).where(Envelope.purpose == "receipt")
    assert len(db.session.scalars(receipts).all()) == 1
    assert count(Ticket) == brakes.SAME_MAILS


# Reports


def test_a_delivery_report_becomes_a_note_on_the_mail_that_failed(app: Flask) -> None:
    """Code and recipient; it opens no ticket and reopens none."""
    ticket = make.ticket()
    actions.send_message(ticket, by=make.agent().actor, body="Wir kommen morgen.")
    deliver_due()
    with transaction() as session:
        known = session.get_one(Ticket, ticket.id)
        known.status, known.closed_at = "closed", now()
    ours = db.session.scalars(select(Envelope).where(Envelope.purpose == "answer")).one()
    row = deliver(bounce(ours.message_id, "wang.fang@example.com"))
    assert (row.outcome, row.reason, row.ticket_id) == ("ignored", "bounce", ticket.id)
    assert "5.1.1" in said(ticket)[-1] and "wang.fang@example.com" in said(ticket)[-1]
    sent = db.session.get_one(Envelope, ours.id, populate_existing=True)
    words = db.session.get_one(Message, ours.message_ref, populate_existing=True)
    assert (sent.state, words.data["mailed"]["state"]) == ("bounced", "bounced")
    assert count(Ticket) == 1
    assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == "closed"


def test_a_report_of_a_delay_fails_nothing(app: Flask) -> None:
    ticket = make.ticket()
    deliver_due()
    ours = db.session.scalars(select(Envelope)).one()
    row = deliver(bounce(ours.message_id, "wang.fang@example.com", "4.4.1"))
    assert (row.outcome, row.reason) == ("ignored", "delayed")
    assert db.session.get_one(Envelope, ours.id, populate_existing=True).state != "bounced"
    assert len(said(ticket)) == 1


# Exactly once


def test_the_marks_of_transport_do_not_make_another_mail(app: Flask) -> None:
    """Fetched by IMAP and brought by SMTP, with other line ends, it is one mail."""
    raw = mail()
    other = b"Return-Path: <x@y>\r\nReceived: from a\r\n by b; now\r\n" + raw.replace(
        b"\n", b"\r\n"
    )
    assert identity(raw) == identity(other)
    assert identity(raw) != identity(raw.replace(b"Subject:", b"Subject: x"))
    assert deliver(raw).id == deliver(other).id
    assert count(Ticket) == 1


def test_a_mail_to_two_of_our_mailboxes_makes_one_ticket(app: Flask) -> None:
    """The second copy is filed and points to the same ticket."""
    first, second = deliver(mail(), "support"), deliver(mail(), "sales")
    assert (first.outcome, second.outcome, second.reason) == ("ticket", "ignored", "copy")
    assert fresh(second).ticket_id == first.ticket_id
    assert count(Ticket) == 1


def test_a_mail_to_two_of_our_mailboxes_makes_two_linked_tickets_when_we_want_it(
    app: Flask,
) -> None:
    """By setting; each names the other."""
    with transaction():
        options.put("mail_copies", "each")
    rows = [deliver(mail(), name) for name in ("support", "sales")]
    first, second = (db.session.get_one(Ticket, row.ticket_id) for row in rows)
    assert [row.outcome for row in rows] == ["ticket", "ticket"] and first.id != second.id
    assert second.number in said(first)[-1] and "sales" in said(first)[-1]
    assert first.number in said(second)[-1] and "support" in said(second)[-1]


def test_four_fetchers_with_one_mail_ten_times_make_one_ticket(app: Flask) -> None:
    """And mails with its Message-ID but other words, or with none, are mails of their own."""
    mails = (
        [mail()] * 10 + [mail("anders")] + [mail(f"ohne {n}", **{"Message-ID": ""}) for n in (1, 2)]
    )
    problems: list[BaseException] = []

    def fetch(part: list[bytes]) -> None:
        try:
            with app.app_context():
                for raw in part:
                    take(raw, Came("support", "imap"))
                process_stored()
                db.session.remove()
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=fetch, args=(mails[n:] + mails[:n],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    process_stored()
    assert problems == []
    assert (count(InboundMail), count(Ticket), count(Message)) == (4, 4, 4)


def test_two_workers_at_one_reply_write_it_once(app: Flask) -> None:
    """A worker that was thought dead and comes back finds that the mail is settled."""
    ticket = make.ticket()
    row = deliver(mail("einmal", In_Reply_To=our_id(ticket)))
    with transaction() as session:
        session.get_one(InboundMail, row.id).outcome = "stored"
    parsed, found = inbound.read(row), inbound.landing.Landing(ticket, "in_reply_to")
    inbound.into_tickets.put(row, parsed, found)
    with pytest.raises(Settled):
        inbound.into_tickets.put(row, parsed, found)


def test_a_busy_database_is_not_the_mails_fault(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("busy")

    monkeypatch.setattr(inbound, "_make", busy)
    row = deliver(mail())
    assert (row.outcome, row.tries) == ("stored", 0)
    monkeypatch.undo()
    process_stored()
    assert fresh(row).outcome == "ticket"


# People decide


def test_a_held_mail_can_be_read_anew_after_the_cause_is_gone(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed with its reason, blocks nobody, and can be run again."""
    monkeypatch.setattr(inbound.into_tickets, "open_tickets", lambda *_: 1 / 0)
    row = deliver(mail())
    monkeypatch.undo()
    make.sign_in(client, make.agent())
    assert "ZeroDivisionError" in client.get(f"/mail/{row.id}").get_data(as_text=True)
    client.post(f"/mail/{row.id}/again")
    assert fresh(row).outcome == "ticket"
    client.post(f"/mail/{row.id}/again")
    assert count(Ticket) == 1


# The daily proof


def test_what_was_handed_to_us_is_the_sum_of_what_became_of_it(
    app: Flask, client: FlaskClient
) -> None:
    """Per mailbox and day, and each number opens exactly its list."""
    ticket = make.ticket()
    for raw in (mail("neu"), mail("neu"), mail("mehr", In_Reply_To=our_id(ticket)), b"\x00"):
        deliver(raw)
    deliver(mail("fremd", From="eve@example.org", In_Reply_To=our_id(ticket)))
    deliver(mail("weg", Auto_Submitted="auto-replied"), "sales")
    agent = make.agent()
    lines = {line.mailbox: line for line in ledger.days(agent.actor)}
    support, sales = lines["support"], lines["sales"]
    assert (support.taken, support.again, support.proved) == (4, 1, True)
    wanted = {"stored": 0, "ticket": 1, "reply": 1, "ignored": 0, "held": 1, "quarantined": 1}
    assert support.by == wanted
    assert (sales.taken, sales.by["ignored"], sales.proved) == (1, 1, True)
    make.sign_in(client, agent)
    page = client.get("/mail/days").get_data(as_text=True)
    links = re.findall(r'href="(/mail\?outcome=\w+&amp;mailbox=\w+&amp;day=[\d-]+)">(\d+)<', page)
    assert len(links) == 7
    for link, number in links:
        rows = client.get(link.replace("&amp;", "&")).get_data(as_text=True)
        assert len(re.findall(r'<a href="/mail/\d+">', rows)) == int(number)


def test_a_lost_row_shows_in_the_proof(app: Flask) -> None:
    """The count of what came is kept apart from the mails, so it can disagree."""
    row = deliver(b"\x00")
    with transaction() as session:
        session.execute(delete(InboundMail).where(InboundMail.id == row.id))
    [line] = ledger.days(make.agent().actor)
    assert (line.taken, line.kept, line.proved) == (1, 0, False)


def test_the_sender_of_a_too_large_mail_hears_it_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, however often the mail is worked on, and no machine ever."""
    small = replace(app.extensions["helpdesk_settings"], max_mail_bytes=1024 * 1024)
    monkeypatch.setitem(app.extensions, "helpdesk_settings", small)
    big = mail("x" * 100) + b"x" * 2 * 1024 * 1024
    row = deliver(big)
    with transaction() as session:
        known = session.get_one(InboundMail, row.id)
        known.outcome, known.next_at = "stored", now()
    process_stored()
    letters = db.session.scalars(select(Envelope)).all()
    assert [(each.purpose, each.recipient) for each in letters] == [
        ("too_large", "wang.fang@example.com")
    ]
    deliver(mail("y", Auto_Submitted="auto-generated") + b"y" * 2 * 1024 * 1024)
    assert count(Envelope) == 1


def test_the_desk_sees_how_many_mails_wait_for_a_person(app: Flask, client: FlaskClient) -> None:
    """Nothing that was held expires unseen."""
    deliver(mail("fremd", From="eve@example.org", In_Reply_To=our_id(make.ticket())))
    deliver(b"\x00")
    make.sign_in(client, make.agent())
    page = client.get("/mail").get_data(as_text=True)
    entry = re.search(r'<a[^>]*href="/mail"[^>]*>.*?</a>', page, re.DOTALL)
    assert entry is not None and re.search(r">\s*2\s*<", entry[0])
