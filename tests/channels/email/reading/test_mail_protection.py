"""Signed and encrypted mail is named so, kept whole, and never called verified."""

import pytest

from helpdesk.channels.email.reading.parser import parse

SIGNED = (
    "From: a@b.example\r\nContent-Type: multipart/signed; protocol={protocol}; boundary=x\r\n\r\n"
    "--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    "--x\r\nContent-Type: {protocol}; name={name}\r\n\r\nsignature\r\n--x--\r\n"
)


@pytest.mark.parametrize(
    ("protocol", "name", "by"),
    [
        ('"application/pkcs7-signature"', "smime.p7s", "S/MIME"),
        ('"application/pgp-signature"', "signature.asc", "PGP"),
    ],
)
def test_a_signed_mail_shows_its_words_and_keeps_the_signature_as_a_file(protocol, name, by):
    mail = parse(SIGNED.format(protocol=protocol, name=name).encode())
    assert (mail.protection.kind, mail.protection.by) == ("signed", by)
    assert mail.text == "hello" and [each.name for each in mail.attachments] == [name]


@pytest.mark.parametrize(
    ("content_type", "kind", "by"),
    [
        (
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            "encrypted",
            "S/MIME",
        ),
        ("application/x-pkcs7-mime; smime-type=signed-data; name=smime.p7m", "signed", "S/MIME"),
        ("multipart/encrypted; protocol=application/pgp-encrypted; boundary=x", "encrypted", "PGP"),
    ],
)
def test_an_encrypted_mail_is_named_so_and_kept_whole(content_type, kind, by):
    raw = f"From: a@b.example\r\nContent-Type: {content_type}\r\n\r\n--x\r\n\r\nMIIB\r\n--x--\r\n"
    mail = parse(raw.encode())
    assert (mail.protection.kind, mail.protection.by) == (kind, by)


@pytest.mark.parametrize(("mark", "kind"), [("MESSAGE", "encrypted"), ("SIGNED MESSAGE", "signed")])
def test_pgp_inside_the_text_is_seen(mark, kind):
    mail = parse(f"From: a@b.example\r\n\r\nHi\r\n-----BEGIN PGP {mark}-----\r\nxx".encode())
    assert (mail.protection.kind, mail.protection.by) == (kind, "PGP")


def test_an_open_mail_says_nothing_about_protection():
    assert parse(b"From: a@b.example\r\n\r\nhello").protection is None


def test_the_json_names_the_protection():
    raw = SIGNED.format(protocol='"application/pgp-signature"', name="x.asc").encode()
    assert parse(raw).as_json()["protection"] == {"kind": "signed", "by": "PGP"}
