"""Reports about our own mail name the recipient, the reason and the message."""

import pytest

from helpdesk.channels.email.reading.parser import parse
from helpdesk.channels.email.reading.refusals import reason_of
from tests.help.mails import report


def words(body: str, *headers: str) -> bytes:
    head = ["From: mailer-daemon@mx.example", "Subject: failure notice", *headers]
    return ("\r\n".join(head) + f"\r\n\r\n{body}").encode()


FAILED = (
    "Final-Recipient: rfc822; gone@a.example\r\nAction: failed\r\nStatus: 5.1.1\r\n"
    "Diagnostic-Code: smtp; 550 5.1.1 <gone@a.example> User unknown\r\n"
)
DELAYED = "Final-Recipient: rfc822; slow@a.example\r\nAction: delayed\r\nStatus: 4.4.7\r\n"


def test_a_report_tells_recipient_code_reason_and_the_servers_words():
    (failure,) = parse(report(FAILED)).report.failures
    assert (failure.recipient, failure.status) == ("gone@a.example", "5.1.1")
    assert failure.reason == "unknown recipient" and failure.dead and not failure.delayed
    assert failure.diagnostic == "550 5.1.1 <gone@a.example> User unknown"


def test_a_report_names_the_message_that_came_back():
    assert parse(report(FAILED)).report.original_id == "77@desk.example"


def test_the_message_is_found_in_returned_headers_and_in_words():
    headers_only = report(FAILED).replace(b"message/rfc822", b"text/rfc822-headers")
    assert parse(headers_only).report.original_id == "77@desk.example"
    quoted = words("550 user unknown\n\nMessage headers follow\n\nMessage-Id: <78@desk.example>")
    assert parse(quoted).report.original_id == "78@desk.example"


def test_a_delay_is_no_failure():
    found = parse(report(DELAYED)).report
    assert found.kind == "delayed" and found.failures[0].delayed and not found.failures[0].dead


def test_one_failure_among_delays_is_a_failure():
    found = parse(report(f"{DELAYED}\r\n{FAILED}")).report
    assert found.kind == "failed" and [f.delayed for f in found.failures] == [True, False]


def test_a_success_report_is_called_delivered():
    ok = "Final-Recipient: rfc822; a@b.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
    assert parse(report(ok)).report.kind == "delivered"


def test_a_full_mailbox_does_not_make_the_address_dead():
    full = FAILED.replace("User unknown", "mailbox is full").replace("5.1.1", "5.2.2")
    (failure,) = parse(report(full)).report.failures
    assert failure.reason == "mailbox full" and not failure.dead


def test_a_spam_complaint_is_its_own_kind():
    raw = report(FAILED).replace(b"delivery-status", b"feedback-report")
    parsed = parse(raw)
    assert parsed.report.kind == "complaint" and not parsed.is_bounce and parsed.auto_submitted


def test_a_report_without_a_machine_readable_part_is_read_from_its_words():
    body = "Hi. This is qmail.\n\n<gone@a.example>:\nRemote host said: 550 5.1.1 No such user here"
    (failure,) = parse(words(body)).report.failures
    assert (failure.recipient, failure.status) == ("gone@a.example", "5.1.1")
    assert failure.reason == "unknown recipient" and failure.dead
    assert failure.diagnostic == "Remote host said: 550 5.1.1 No such user here"


def test_the_header_of_failed_recipients_names_the_address():
    raw = words("A message could not be delivered.", "X-Failed-Recipients: gone@a.example")
    assert parse(raw).report.failures[0].recipient == "gone@a.example"


def test_a_robot_without_an_address_is_known_by_its_name():
    raw = words("Error: 550 user unknown").replace(b"mailer-daemon@mx.example", b"MAILER-DAEMON <>")
    assert parse(raw).is_bounce


def test_words_of_a_person_about_a_bounce_are_no_report():
    raw = words("My mail could not be delivered.").replace(b"mailer-daemon@mx", b"ann@a")
    assert parse(raw).report is None


def test_the_report_is_part_of_the_json():
    shown = parse(report(FAILED)).as_json()["report"]
    assert shown["kind"] == "failed" and shown["failures"][0]["status"] == "5.1.1"


@pytest.mark.parametrize(
    ("said", "status", "reason"),
    [
        ("550 User unknown", "", "unknown recipient"),
        ("收件人不存在", "", "unknown recipient"),
        ("Host or domain name not found", "", "unknown domain"),
        ("552 over quota", "", "mailbox full"),
        ("邮箱已满", "", "mailbox full"),
        ("554 rejected as spam", "5.7.1", "spam or policy"),
        ("the mailbox has moved", "", "moved"),
        ("domain does not accept mail (nullMX)", "", "no mail"),
        ("account is disabled", "", "suspended"),
        ("message size exceeds limit", "", "too large"),
        ("connection timed out", "", "no connection"),
        ("", "5.1.1", "unknown recipient"),
        ("", "5.4.4", "unknown domain"),
        ("", "", ""),
        ("nobody knows", "5.9.9", ""),
    ],
)
def test_servers_words_and_codes_give_one_reason(said, status, reason):
    assert reason_of(said, status) == reason


@pytest.mark.parametrize("status", ["", "x", "5", "5.1.1 5.1.2", "\x00"])
def test_a_broken_report_does_not_raise(status):
    raw = report(f"Final-Recipient: ;;\r\nAction:\r\nStatus: {status}\r\n")
    assert parse(raw).report.kind in ("failed", "delayed")


TWO = (
    "I'm afraid I wasn't able to deliver your message.\n\n<gone@a.example>:\n"
    "Remote host said: 550 5.1.1 <gone@a.example>... User unknown\n\n<full@a.example>:\n"
    "Remote host said: 552 over quota\n\n--- Below this line is a copy of the message.\n\n"
    "Return-Path: <us@desk.example>\nSubject: spam, virus, blacklist\n"
)


def test_a_report_in_words_tells_each_recipients_own_reason():
    first, second = parse(words(TWO)).report.failures
    assert (first.recipient, first.status, first.dead) == ("gone@a.example", "5.1.1", True)
    assert (second.recipient, second.reason, second.dead) == (
        "full@a.example",
        "mailbox full",
        False,
    )


def test_a_code_that_nobody_told_is_inferred_and_says_so():
    """The code of RFC 3463 that the words mean; the page shows only codes that were told."""
    first, second = parse(words(TWO)).report.failures
    assert first.told and (second.status, second.told) == ("5.2.2", False)


def test_words_of_the_returned_copy_are_no_reason():
    body = TWO.replace("552 over quota", "554 nothing that we know")
    assert parse(words(body)).report.failures[1].reason == "other"


def test_the_servers_own_code_counts_more_than_a_general_status():
    general = FAILED.replace("Status: 5.1.1", "Status: 5.0.0")
    assert parse(report(general)).report.failures[0].status == "5.1.1"


def test_a_user_unknown_after_the_recipient_was_taken_does_not_make_the_address_dead():
    """Filters answer so to mail that they do not want."""
    late = FAILED.replace("5.1.1", "5.0.0").replace(
        "User unknown", "User unknown (in reply to end of DATA command)"
    )
    (failure,) = parse(report(late)).report.failures
    assert failure.reason == "filtered" and not failure.dead


def test_a_refused_sender_says_nothing_about_the_recipient():
    body = "<fine@a.example>\n  SMTP error after MAIL FROM:<us@desk.example>:\n  550 No such domain"
    (failure,) = parse(words(body)).report.failures
    assert failure.reason == "spam or policy" and not failure.dead


def test_a_temporary_code_never_makes_an_address_dead():
    slow = FAILED.replace("5.1.1", "4.1.1").replace("failed", "delayed")
    assert not parse(report(slow)).report.failures[0].dead


def test_a_server_that_gave_up_after_a_temporary_code_has_failed():
    gave_up = FAILED.replace("5.1.1", "4.4.7").replace("User unknown", "expired")
    found = parse(report(gave_up)).report
    assert found.kind == "failed" and found.failures[0].reason == "no connection"


def test_an_address_rejected_by_policy_words_is_still_an_unknown_recipient():
    said = FAILED.replace("5.1.1", "5.4.1").replace(
        "User unknown", "Recipient address rejected: Access denied"
    )
    assert parse(report(said)).report.failures[0].dead


def test_a_sentence_broken_over_lines_is_read_as_one():
    body = "<gone@a.example>: host mx said: 550 5.4.1\n  sorry: Recipient\n  refused for ever"
    (failure,) = parse(words(body)).report.failures
    assert failure.diagnostic.endswith("550 5.4.1 sorry: Recipient refused for ever")
