"""The sender's own quotations and words typed inside a quote are new words (cases 03, 05, 08)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk import search
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.deciding.into_tickets import with_gaps
from helpdesk.channels.email.reading.parser import parse
from helpdesk.core.db import db
from helpdesk.tickets.models import Attachment, Message
from tests.help import factories as make
from tests.help.mails import case, mail, our_id

ERROR = "Error 4711: account locked, call 555-0101"
WROTE = "On Fri, Nov 20, 2026 at 9:30 Support &lt;s@ours.example&gt; wrote:"


def page(body: str) -> str:
    """The new words of a reply in HTML."""
    head = "From: ann@a.example\nIn-Reply-To: <x@y>\nContent-Type: text/html; charset=utf-8\n\n"
    return parse((head + body).encode()).reply_text


def plain(body: str) -> str:
    head = "From: ann@a.example\nIn-Reply-To: <x@y>\nContent-Type: text/plain; charset=utf-8\n\n"
    return parse((head + body).encode()).reply_text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("03-own-blockquote/input.eml", [ERROR, "Please unlock it"]),
        ("03-own-blockquote/v2-outlook-indent.eml", ["refund of 320 yuan", "When will I get it?"]),
        ("03-own-blockquote/v3-plain-first-mail.eml", ["deposit is forfeited", "I do not accept"]),
        ("05-words-inside-quote/input.eml", ["The serial number is HC-99812"]),
        ("05-words-inside-quote/v1-only-quote.eml", ["please send us the serial number"]),
        ("05-words-inside-quote/v2-answers-deeper.eml", ["Thanks.", "HC-99812", "3 March"]),
        ("05-words-inside-quote/v3-answers-in-red.eml", ["below in red", "HC-99812", "3 March"]),
    ],
)
def test_cases_03_and_05_the_senders_own_words_are_new_words(
    shared: Path, name: str, words: list[str]
) -> None:
    """Where nothing can be told apart, the choice is to show everything."""
    read = parse(case(shared, name))
    assert [each for each in words if each not in read.reply_text] == []


@pytest.mark.parametrize(
    "above",
    ["the app shows this message:", "提示如下：", "You wrote:", "Here is the text", "See:<br>"],
)
@pytest.mark.parametrize("tag", ["blockquote", 'blockquote class="gmail_quote"',
                                 'blockquote type="cite"'])  # fmt: skip
@pytest.mark.parametrize("below", ["", "<p>Please unlock it.</p>"])
def test_a_blockquote_that_nobody_is_said_to_have_written_is_the_senders_own(
    above: str, tag: str, below: str
) -> None:
    body = f"<p>Hello</p><p>{above}</p><{tag}>{ERROR}</blockquote>{below}"
    is_a_programs = "cite" in tag and not below and not above.endswith((":", "：", ":<br>"))
    assert (ERROR in page(body)) is not is_a_programs, "only programs end a mail with such a mark"


@pytest.mark.parametrize(
    "quote",
    [
        f"<div>{WROTE}</div><blockquote>old</blockquote>",
        f"<div>{WROTE}</div><br><blockquote type=cite>old</blockquote>",
        f'<blockquote type="cite"><div>{WROTE}</div><div>old</div></blockquote>',
        f'<div class="gmail_quote"><div>{WROTE}</div><blockquote class="gmail_quote">old'
        "</blockquote></div>",
        "<div>在 2026-11-20 09:30，客服 &lt;s@ours.example&gt; 写道：</div><blockquote>old</blockquote>",
    ],
)
def test_what_a_program_quoted_goes_and_an_own_blockquote_beside_it_stays(quote: str) -> None:
    own = f"<p>the app says:</p><blockquote>{ERROR}</blockquote>"
    assert page(f"<p>Yes</p>{own}{quote}").split() == f"Yes the app says: {ERROR}".split()


@pytest.mark.parametrize(
    "answer",
    [
        '<p style="color:red">HC-99812</p>',
        '<p><span style="font-weight:bold; color: #ff0000">HC-99812</span></p>',
        '<p><font color="blue">HC-99812</font></p>',
        '<div style="color:rgb(0, 112, 192)">HC-99812</div>',
    ],
)
def test_an_answer_in_a_colour_of_its_own_inside_the_quote_is_shown(answer: str) -> None:
    quote = f"<div>{WROTE}</div><blockquote type=cite><p>Serial number?</p>{answer}</blockquote>"
    assert "HC-99812" in page(f"<p>Thanks</p>{quote}")


@pytest.mark.parametrize(
    "old",
    [
        '<p style="color:#333333">Serial number, please tell us?</p>',
        '<p style="color:red">Serial number?</p>',
        '<p>Serial number?</p><p style="color:blue"><a href="https://x.example">our page</a></p>',
        '<p>Serial number?</p><p style="color:rgb(90,90,100)">Support team</p>',
    ],
)
def test_grey_links_and_a_page_in_one_colour_are_no_answers(old: str) -> None:
    quote = f"<div>{WROTE}</div><blockquote type=cite>{old}</blockquote>"
    assert page(f"<p>Thanks</p>{quote}") == "Thanks"


@pytest.mark.parametrize(
    "above", ["Please see inline.", "我的回答见下。", "Answers below, in red!", "答复用红字标出。"]
)
def test_words_that_announce_answers_in_the_quote_open_it(above: str) -> None:
    body = f"{above}\n\nOn 2026-11-20 12:12, Support wrote:\n> Serial number?\n> HC-99812\n"
    assert "HC-99812" in plain(body)


def test_older_mail_that_stands_deeper_is_no_answer() -> None:
    quoted = "> Please try again.\n>\n> On 2026-11-19 08:00, Ann wrote:\n>> It is broken.\n"
    assert plain(f"Thanks.\n\nOn 2026-11-20 12:12, Support wrote:\n{quoted}") == "Thanks."


def test_a_quotation_at_the_end_that_the_sender_leads_up_to_stays() -> None:
    assert "forfeited" in plain("The letter says:\n\n> the deposit is forfeited.\n")


def test_folded_words_are_found_and_a_gap_between_new_words_is_marked(app: Flask) -> None:
    ticket = make.ticket()
    body = (
        "Thanks, one more thing.\n\nOn 2026-11-20 12:12, Support wrote:\n> Is it the zanzibar model?\n\n"
        "Yes it is.\n"
    )
    deliver(mail(body, In_Reply_To=our_id(ticket)))
    said = db.session.scalars(select(Message).order_by(Message.id.desc()).limit(1)).one()
    assert said.body == "Thanks, one more thing.\n\n[…]\n\nYes it is."
    hits = db.session.scalars(search.matching("zanzibar", "ticket", db.engine.dialect.name))
    assert list(hits) == [ticket.id]


@pytest.mark.parametrize(
    ("words", "whole", "shown"),
    [
        ("a\n\nb", "a\n\n> q\n\nb", "a\n\n[…]\n\nb"),
        ("a\nb", "a\n> q\nb", "a\n[…]\nb"),
        ("a\n\nb", "a\n\nb\n\n> q", "a\n\nb"),
        ("a  b\nc", "a b\n> q\nc", "a  b\nc"),
        ("a\nx", "a\n> q\nb", "a\nx"),
    ],
)
def test_gaps_are_marked_where_lines_are_missing_and_nowhere_else(
    words: str, whole: str, shown: str
) -> None:
    assert with_gaps(words, whole) == shown


def test_case_08_words_and_files_stand_in_their_order(shared: Path) -> None:
    read = parse(case(shared, "08-mac-inline-pdf/input.eml"))
    assert read.text == "Text one\n\nText two\n\nText three"
    photo, contract = read.attachments
    assert (photo.name, photo.inline, contract.name) == ("photo.png", True, "contract.pdf")
    order = ["Text one", f"cid:{photo.content_id}", "Text two", "[contract.pdf]", "Text three"]
    places = [read.html.index(each) for each in order]  # type: ignore[union-attr]
    assert places == sorted(places)
    assert read.html.count("<div>") == 5, "each piece stands apart"  # type: ignore[union-attr]


def test_case_08_both_files_can_be_downloaded(app: Flask, shared: Path) -> None:
    deliver(case(shared, "08-mac-inline-pdf/input.eml"))
    kept = select(Attachment.name, Attachment.content_id).order_by(Attachment.id)
    (photo, cid), (contract, none) = db.session.execute(kept).all()
    assert (photo, contract, none) == ("photo.png", "contract.pdf", "") and cid
    html = db.session.scalars(select(Message.html).where(Message.html != "")).one()
    assert f'src="cid:{cid}"' in html


def test_plain_pieces_around_files_stay_in_their_order() -> None:
    parts = [("text/plain", "one"), ('image/png; name="a.png"', "x"), ("text/plain", "two")]
    lines = ["From: a@b.example", "Content-Type: multipart/mixed; boundary=b", ""]
    for kind, body in parts:
        inline = ["Content-Disposition: inline"] if "image" in kind else []
        lines += ["--b", f"Content-Type: {kind}", *inline, "", body]
    read = parse("\n".join([*lines, "--b--"]).encode())
    assert (read.text, read.html, [a.name for a in read.attachments]) == (
        "one\n\ntwo",
        None,
        ["a.png"],
    )


def test_a_picture_that_the_page_shows_itself_is_not_shown_twice() -> None:
    raw = b"""From: a@b.example
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html

<p>See <img src="cid:p1@x"></p>
--b
Content-Type: image/png; name="a.png"
Content-ID: <p1@x>
Content-Disposition: inline

x
--b--
"""
    assert parse(raw).html == '<p>See <img src="cid:p1@x"></p>'


@pytest.mark.parametrize(
    "unit",
    ["> a\n", ">> a\n", "> a:\n", "<blockquote>a", "<blockquote type=cite>On 1 Jan 9:30 a wrote:",
     "<p style='color:red'>a", "<blockquote>x</blockquote><p>On 1.1.2026 9:30 a@b wrote:</p>"],
)  # fmt: skip
def test_a_long_hostile_reply_costs_no_more_than_its_length(unit: str) -> None:
    begin = time.perf_counter()
    (plain if unit.startswith(">") else page)(unit * (200_000 // len(unit)))
    assert time.perf_counter() - begin < 20
