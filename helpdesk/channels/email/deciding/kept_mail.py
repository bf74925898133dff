"""A kept mail as colleagues may read it: without the secrets of our own links that it quotes.

A mail quotes ours, returns it or brings it along as a file; and ours hold the customer's way into the
case. So every reading of a kept mail, and the mail itself for download, comes through here.
"""

from __future__ import annotations

import binascii
from dataclasses import replace

from helpdesk.channels.email.deciding.our_addresses import as_written
from helpdesk.channels.email.keeping import raw_of
from helpdesk.channels.email.models import InboundMail
from helpdesk.channels.email.reading.attachments import Attachment
from helpdesk.channels.email.reading.mime import Part, read_tree
from helpdesk.channels.email.reading.parser import ParsedMail, Unreadable
from helpdesk.channels.email.reading.sandbox import parse_safely
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.tickets.veil import veiled

MOST_NESTED = 5  # mails within mails that are looked into
_TEXTS = ("text/", "message/")


def read_kept(row: InboundMail) -> ParsedMail:
    """What is written in a kept mail, as its writer's. Raises Unreadable, NotFound."""
    mail = as_written(parse_safely(raw_of(row)), row.mailbox)
    return replace(
        mail,
        subject=veiled(mail.subject),
        text=veiled(mail.text),
        html=veiled(mail.html) if mail.html is not None else None,
        reply_text=veiled(mail.reply_text),
        attachments=tuple(map(_file_without_secrets, mail.attachments)),
    )


def raw_without_secrets(row: InboundMail) -> bytes:
    """The mail as it came, each secret a dash. Raises Refused where one is wrapped so that it can't
    be taken out, as in a signed envelope."""
    raw = raw_of(row)
    try:
        parse_safely(raw)
    except Unreadable:
        return _veil(raw)
    raw = without_secrets(raw)
    mail = parse_safely(raw)
    texts = (mail.subject, mail.text, mail.html or "")
    if any(veiled(text) != text for text in texts):
        raise Refused(
            N_(
                "This mail quotes the customer's own link in a sealed part, so it is not given away."
            )
        )
    return raw


def without_secrets(raw: bytes, depth: int = 0) -> bytes:
    """A raw mail with a dash for each secret, whichever way its parts are encoded; the very same
    bytes where there is none."""
    root, _cut = read_tree(raw)
    pieces, at = [], 0
    for part in root.walk():
        if part.raw is not raw or part.is_multipart or part.start < at:
            continue
        pieces += [_veil(raw[at : part.start]), _encoded(part, depth)]
        at = part.end
    return b"".join([*pieces, _veil(raw[at:])])


def _encoded(part: Part, depth: int) -> bytes:
    """The body of a part, encoded as it was."""
    body, content = part.raw[part.start : part.end], part.content()
    shown = _content_without_secrets(content, part.mime, depth)
    if shown == content:
        return body
    if part.encoding() == "base64":
        whole = (shown[at : at + 57] for at in range(0, len(shown), 57))
        return b"".join(binascii.b2a_base64(each) for each in whole)
    return binascii.b2a_qp(shown) if part.encoding() == "quoted-printable" else shown


def _file_without_secrets(file: Attachment) -> Attachment:
    content = _content_without_secrets(file.content, file.mime, 0)
    return replace(file, content=content, size=len(content))


def _content_without_secrets(content: bytes, mime: str, depth: int) -> bytes:
    if mime == "message/rfc822" and depth < MOST_NESTED:
        return without_secrets(content, depth + 1)
    return _veil(content) if mime.startswith(_TEXTS) else content


def _veil(content: bytes) -> bytes:
    """The same for bytes of any encoding in which letters are ASCII."""
    return veiled(content.decode("latin-1")).encode("latin-1", "replace")
