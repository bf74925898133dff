"""The full record of a case: the form, every notice, the evidence, and a verification code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, func, or_, select

from helpdesk.core.db import db
from helpdesk.core.events import Event
from helpdesk.core.i18n import N_
from helpdesk.desk.printing.facts import PrintedCase
from helpdesk.notices import queries
from helpdesk.notices.lifecycle import STATE_NAMES, State
from helpdesk.notices.models import Notice
from helpdesk.notices.paper import notice_parts
from helpdesk.paper import Block, Form, Signatures, TableBlock
from helpdesk.setup.speech import Speech, stamp
from helpdesk.tickets.models import Attachment

LENGTH = 12
_CODE = re.compile(r"(\d{1,15})-([A-Z2-7]{4})-?([A-Z2-7]{4})-?([A-Z2-7]{4})")
Part = Block | TableBlock | Signatures


def newest(case: PrintedCase) -> int:
    """The journal number up to which a print of this case tells."""
    return db.session.scalar(select(func.max(Event.seq)).where(_is_about(case))) or 0


def _is_about(case: PrintedCase) -> ColumnElement[bool]:
    ids = [notice.id for notice in case.notices]
    return or_(Event.ticket_id == case.ticket.id, Event.notice_id.in_(ids))


def code(case: PrintedCase, seq: int, key: str) -> str:
    """What a print carries: 1532-7F3K-9QXA-B2CD. Only this installation can make it."""
    message = f"print:{case.ticket.number}:{seq}:{case.ticket.track_salt}".encode()
    digest = hmac.new(key.encode(), message, hashlib.sha256).digest()
    letters = base64.b32encode(digest).decode()[:LENGTH]
    return "-".join([str(seq), letters[:4], letters[4:8], letters[8:]])


def checked(case: PrintedCase, given: str, key: str) -> int | None:
    """How much has happened since the print that carries this code; None for a wrong code."""
    found = _CODE.fullmatch(given.strip().upper().replace(" ", ""))
    if found is None:
        return None
    seq = int(found[1])
    right = code(case, seq, key).replace("-", "")
    if not hmac.compare_digest(right, "".join(found.groups())):
        return None
    query = select(func.count(Event.seq)).where(_is_about(case), Event.seq > seq)
    return db.session.scalar(query) or 0


def with_code(form: Form, printed: str, language: str) -> Form:
    """The form with the verification code in its footer."""
    label = Speech(language)(N_("Verification code"))
    return replace(form, footer=f"{form.footer}　{label} {printed}")


def full_record(form: Form, case: PrintedCase, language: str) -> Form:
    """The form with the notices and the evidence behind it."""
    say = Speech(language)
    parts: list[Part] = list(form.blocks)
    evidence = [("", file) for file in case.files]
    for notice in case.notices:
        files = queries.files(notice)
        evidence += [(notice.number or say(N_("Draft")), file) for file in files]
        parts += _about(notice, say, case.ticket.number, files)
    if evidence:
        parts.append(_evidence(evidence, say))
    return replace(form, blocks=parts)


NOTICE = N_("Rectification notice")


def _about(notice: Notice, say: Speech, case: str, files: Sequence[Attachment]) -> list[Part]:
    """The blocks of one notice, under its number."""
    first, *others = notice_parts(notice, say, case=case, files=files)
    name = f"{say(NOTICE)} {notice.number or say(STATE_NAMES[State.DRAFT])}"
    rest = [part for part in others if not isinstance(part, Signatures)]
    return [replace(first, title=f"{name} · {first.title}"), *rest]


def _evidence(found: list[tuple[str, Attachment]], say: Speech) -> TableBlock:
    headers = (N_("File"), N_("Belongs to"), N_("Size"), N_("Received"), "SHA-256")
    rows = [[file.name, of, f"{file.size:,}", stamp(file.at), file.sha256] for of, file in found]
    return TableBlock(say(N_("Evidence")), [say(h) for h in headers], rows, [2.4, 1.6, 1, 1.6, 3.4])
