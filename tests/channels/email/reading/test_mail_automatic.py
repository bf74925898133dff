"""Automatic mail is recognised by what RFC 3834 and mail systems say."""

import pytest

from helpdesk.channels.email.reading.parser import parse


def mail(
    *headers: str, sender: str = "ann@a.example", subject: str = "Lamp", body: str = "x"
) -> bytes:
    return "\r\n".join([f"From: {sender}", f"Subject: {subject}", *headers, "", body]).encode()


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Auto-Submitted: auto-notified",
        "Precedence: auto_reply",
        "Return-Path: <>",
        "X-Autoreply: yes",
        "X-Autorespond: Re: your mail",
        "X-Loop: desk",
        "X-Failed-Recipients: a@b",
        "Content-Type: multipart/report; boundary=x",
    ],
)
def test_each_sign_of_a_machine_is_enough(header):
    assert parse(mail(header)).auto_submitted


@pytest.mark.parametrize(
    "header",
    [
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Auto-Response-Suppress: RN, NRN",
        "X-Auto-Response-Suppress: something new",
        "Precedence: bulk",
        "Precedence: List",
        "Precedence: junk",
        "Feedback-ID: 7:campaign:shop",
        "Auto-Submitted: auto-generated\r\nX-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
        "Auto-Submitted: auto-generated\r\nX-MS-Exchange-Inbox-Rules-Loop: ann@a.example",
        "Auto-Submitted: auto-generated\r\nResent-From: <boss@a.example>",
    ],
)
def test_who_asks_for_no_automatic_answer_is_a_person_all_the_same(header):
    """Two things: what Outlook, lists and Microsoft's redirect ask, and what a machine wrote."""
    parsed = parse(mail(header))
    assert (parsed.auto_submitted, parsed.quiet, parsed.machine) == (False, True, "")


@pytest.mark.parametrize(
    "header",
    [
        "X-Autoreply: no",
        "X-Autorespond:",
        "X-Auto-Response-Suppress: None",
        "X-Auto-Response-Suppress:",
        "X-Loop:",
        "X-Autoresponder: false",
        "Auto-Submitted: No",
        "Feedback-ID: i1234567:Fastmail",
        "Feedback-ID: ia1b2:FASTMAIL",
    ],
)
def test_a_header_that_says_no_or_nothing_is_no_sign_at_all(header):
    parsed = parse(mail(header))
    assert (parsed.auto_submitted, parsed.quiet) == (False, False)


@pytest.mark.parametrize(
    "subject", ["Automatic reply: Lamp", "自动答复: 灯", "Automatische Antwort: Lampe", "不在通知"]
)
def test_an_absence_note_of_microsoft_is_an_answer_though_it_looks_like_a_redirect(subject):
    redirect = "Auto-Submitted: auto-generated\r\nX-MS-Exchange-Inbox-Rules-Loop: ann@a.example"
    raw = mail(redirect, "X-Auto-Response-Suppress: All", subject="?").replace(
        b"Subject: ?", f"Subject: {subject}".encode()
    )
    assert parse(raw).machine == "answer"


def test_an_absence_in_a_subject_alone_proves_nothing():
    assert parse(mail(subject="Automatic reply does not work")).machine == ""


def test_a_form_that_names_the_person_who_filled_it_in_is_no_machine():
    sender = "noreply@site.example"
    assert parse(mail("Reply-To: ann@a.example", sender=sender)).machine == ""
    assert parse(mail("Reply-To: noreply@site.example", sender=sender)).machine == "other"
    assert parse(mail("Reply-To: x@y", sender="mailer-daemon@a.example")).machine == "other"


@pytest.mark.parametrize(
    "sender", ["noreply@a.example", "MAILER-DAEMON@a.example", "Postmaster@a.example"]
)
def test_robots_by_name_are_automatic(sender):
    assert parse(mail(sender=sender)).auto_submitted


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Precedence: normal",
        "X-Mailer: Foxmail 7",
        "Return-Path: <ann@a.example>",
        "X-A: b",
    ],
)
def test_a_person_is_not_taken_for_a_machine(header):
    parsed = parse(mail(header))
    assert not parsed.auto_submitted and not parsed.is_bounce


REPORT = (
    "--x\r\nContent-Type: text/plain\r\n\r\nSorry\r\n--x\r\nContent-Type: message/{kind}\r\n\r\n"
    "Final-Recipient: rfc822; a@b\r\nAction: failed\r\nStatus: 5.1.1\r\n--x--\r\n"
)


def report(report_type: str, kind: str) -> bytes:
    content_type = f"Content-Type: multipart/report; boundary=x; report-type={report_type}"
    return mail(content_type, body=REPORT.format(kind=kind))


def test_a_delivery_report_is_a_bounce_and_keeps_its_status_as_a_file():
    parsed = parse(report("delivery-status", "delivery-status"))
    assert parsed.is_bounce and parsed.text == "Sorry"
    assert [a.name for a in parsed.attachments] == ["delivery-status.txt"]


def test_a_read_receipt_is_automatic_but_no_bounce():
    parsed = parse(report("disposition-notification", "disposition-notification"))
    assert parsed.auto_submitted and not parsed.is_bounce


def test_a_spam_complaint_is_automatic_but_no_bounce():
    parsed = parse(report("feedback-report", "feedback-report"))
    assert parsed.auto_submitted and not parsed.is_bounce


@pytest.mark.parametrize(
    "subject",
    ["Undelivered Mail Returned to Sender", "failure notice",
     "Delivery Status Notification (Failure)",
     "系统退信", "Returned mail: see transcript"],
)  # fmt: skip
def test_old_bounces_without_a_report_are_known_by_sender_and_subject(subject):
    assert parse(mail(sender="MAILER-DAEMON@a.example", subject=subject)).is_bounce
    assert parse(mail("Return-Path: <>", subject=subject)).is_bounce


def test_a_person_who_writes_about_a_bounce_is_no_bounce():
    assert not parse(mail(subject="Undelivered Mail Returned to Sender")).is_bounce


def test_an_out_of_office_note_is_automatic_but_no_bounce():
    parsed = parse(mail("Auto-Submitted: auto-replied", subject="Out of office"))
    assert parsed.auto_submitted and not parsed.is_bounce
