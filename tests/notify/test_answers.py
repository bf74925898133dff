"""How an answer looks to the customer's mail program: two forms, the thread, the quote, pictures, files."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

import pytest

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.reading.parser import parse
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db
from helpdesk.core.outbox import deliver_due
from helpdesk.files import store
from helpdesk.notify.envelopes import send_due
from helpdesk.notify.mail import mime
from helpdesk.tickets import actions
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.mails import mail
from tests.help.smtp_sink import Sink

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


def by_mail(**headers: str) -> Ticket:
    """The ticket of Wang Fang's mail."""
    row = deliver(mail(**headers), "support")
    return db.session.get_one(Ticket, row.ticket_id)


def plain(message: EmailMessage) -> str:
    return str(message.get_body(("plain",)).get_content()).replace("\r\n", "\n")


def page(message: EmailMessage) -> str:
    return str(message.get_body(("html",)).get_content())


def answered(sink: Sink, ticket: Ticket, body: str = "明天上门。", **more: object) -> EmailMessage:
    actions.send_message(ticket, by=make.agent(f"A{len(sink.taken)}").actor, body=body, **more)
    deliver_due()
    return sink.taken[-1]


def test_an_answer_says_the_same_in_plain_text_and_in_html(sink: Sink) -> None:
    ticket = make.ticket()
    body = "Dear <b>Ms Wang</b>,\n\nplease see https://example.com/a?b=1&c=2\nYours"
    answer = answered(sink, ticket, body)
    assert answer.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in answer.iter_parts()] == ["text/plain", "text/html"]
    assert body in plain(answer)
    assert "&lt;b&gt;Ms Wang&lt;/b&gt;" in page(answer) and "<b>" not in page(answer)
    assert 'href="https://example.com/a?b=1&amp;c=2"' in page(answer)


def test_the_customer_s_last_mail_is_quoted_below_and_nothing_older(sink: Sink) -> None:
    ticket = by_mail()
    reply = mail(
        "第二封：还在漏水。", In_Reply_To=sink_receipt(sink), **{"Message-ID": "<2@example.com>"}
    )
    deliver(reply, "support")
    answer = answered(sink, ticket)
    text = plain(answer)
    assert "王芳 写道：\n> 第二封：还在漏水。" in text
    assert "冰箱还是不制冷" not in text
    assert '<blockquote type="cite">' in page(answer)


def sink_receipt(sink: Sink) -> str:
    deliver_due()
    return str(sink.taken[0]["Message-ID"])


def test_our_own_parser_cuts_the_quote_that_we_write(sink: Sink) -> None:
    ticket = by_mail()
    answer = answered(sink, ticket, "明天上午师傅会上门。")
    read = parse(answer.as_bytes()).reply_text
    assert "明天上午师傅会上门" in read and "冰箱还是不制冷" not in read


def test_what_somebody_typed_into_the_form_is_quoted_to_no_address(sink: Sink) -> None:
    """Anybody can give anybody's address there."""
    ticket = make.ticket(body="BUY CHEAP WATCHES", language="en")
    assert "WATCHES" not in plain(answered(sink, ticket, "Pardon?"))


def test_pictures_stand_in_the_page_and_other_files_are_attached(sink: Sink) -> None:
    ticket = make.ticket()
    photo, paper = (
        store(PNG, "冰箱.png", "image/png"),
        store(b"%PDF-1.4", "账单.pdf", "application/pdf"),
    )
    answer = answered(sink, ticket, files=(photo, paper))
    [attached] = answer.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("账单.pdf", b"%PDF-1.4")
    [inside] = [part for part in answer.walk() if part.get_content_type() == "image/png"]
    assert inside.get_content_disposition() == "inline" and inside.get_content() == PNG
    assert f'src="cid:{inside["Content-ID"].strip("<>")}"' in page(answer)
    read = parse(answer.as_bytes())
    assert {each.name for each in read.attachments} == {"冰箱.png", "账单.pdf"}


def index(message: EmailMessage) -> bytes:
    return base64.b64decode(message["Thread-Index"], validate=True)


def test_outlook_groups_every_mail_of_a_ticket(sink: Sink) -> None:
    """Receipt, answer, survey: one conversation, each its own place in it; another ticket is another."""
    ticket = make.ticket(kind="enquiry", subject="Delivery date?", language="en")
    actions.answer_directly(ticket, by=make.SUPERVISOR, body="Tomorrow.")
    actions.close(ticket, by=make.SUPERVISOR)
    other = make.ticket(subject="Another")
    deliver_due()
    mine = [each for each in sink.taken if ticket.number in each["Subject"]]
    theirs = next(each for each in sink.taken if other.number in each["Subject"])
    roots = {index(each)[: mime.ROOT] for each in mine}
    assert len(mine) == 3 and len(roots) == 1 and index(theirs)[: mime.ROOT] not in roots
    assert len({index(each) for each in mine}) == 3
    assert [each["Thread-Topic"] for each in mine] == [None, "Delivery date?", "Delivery date?"]


def test_every_try_of_a_mail_stands_at_the_same_place_of_the_conversation(sink: Sink) -> None:
    with moved_to(now()) as tick:
        ticket = make.ticket(channel="email", mail={"automatic": True})
        sink.after_data = "drop"
        actions.send_message(ticket, by=make.SUPERVISOR, body="x")
        deliver_due()
        tick(600)
        send_due()
    first, second = sink.taken
    assert first["Thread-Index"] == second["Thread-Index"]


def test_a_conversation_that_outlook_began_goes_on(sink: Sink) -> None:
    root = b"\x01" + bytes(range(21))
    given = base64.b64encode(root + b"later").decode()
    answer = answered(sink, by_mail(Thread_Index=given))
    assert index(answer)[: mime.ROOT] == root


@pytest.mark.parametrize("given", ["", "%%%", "AAAA", base64.b64encode(b"\x02" * 30).decode()])
def test_what_is_no_thread_index_is_not_taken_over(sink: Sink, given: str) -> None:
    assert index(answered(sink, by_mail(Thread_Index=given)))[0] == 1


def test_a_thread_index_tells_its_times_as_outlook_reads_them() -> None:
    """MS-OXOMSG 2.2.1.3: a marker, 40 bits of the FILETIME, a GUID; 31 bits of the time since."""
    begun = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
    hour = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)
    raw = base64.b64decode(mime.thread_index("2026-000001", begun, hour, 7))
    ticks = int.from_bytes(raw[:6], "big") << 16
    assert abs(ticks / 10_000_000 - (begun - mime.EPOCH).total_seconds()) < 0.01
    passed = (int.from_bytes(raw[22:26], "big") & 0x7FFFFFFF) << 18
    assert abs(passed / 10_000_000 - 3600) < 0.03 and raw[22] & 0x80 == 0
    late = base64.b64decode(
        mime.thread_index("2026-000001", begun, datetime(2030, 1, 1, tzinfo=UTC), 7)
    )
    assert late[22] & 0x80


def test_a_long_conversation_keeps_the_ends_of_its_chain(sink: Sink) -> None:
    """References: the first ten and the last ten, the newest as In-Reply-To."""
    ticket = by_mail(**{"Message-ID": "<m0@example.com>"})
    for n in range(1, 26):
        actions.add_customer_message(
            ticket, by=make.CUSTOMER, body=f"{n}", channel="email", message_id=f"<m{n}@example.com>"
        )
    answer = answered(sink, ticket)
    chain = answer["References"].split()
    assert chain == [f"<m{n}@example.com>" for n in (*range(10), *range(16, 26))]
    assert answer["In-Reply-To"] == "<m25@example.com>"
    raw = BytesParser(policy=policy.default).parsebytes(answer.as_bytes())
    assert raw["References"].split() == chain
