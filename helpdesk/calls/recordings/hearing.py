"""What people do with a recording. Each hearing is noted: who, which, when."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from helpdesk.agents.rights import Actor, require
from helpdesk.calls.models import Call, Recording
from helpdesk.calls.queries import hearable_by, visible_to
from helpdesk.calls.recordings import keeping
from helpdesk.clock import now
from helpdesk.core.db import db, locked, transaction
from helpdesk.core.errors import FILL, NotFound, Refused, bad_fields
from helpdesk.core.events import Event, record
from helpdesk.core.i18n import N_
from helpdesk.tickets import scanning
from helpdesk.tickets.models import Attachment

NONE = N_("There is no such recording, or it is not yours to hear.")
NO_MORE = N_("This recording is not to be had any more.")
ONE_HEARING = timedelta(minutes=10)  # a player asks for one file again and again
MOST_REASON = 200


def heard(id_: int, who: Actor) -> Attachment:
    """The file, for who may hear it; it is noted first. Raises NotFound, and what the scanner's word
    on the file makes of it."""
    query = select(Recording, Attachment).join(Attachment).join(Call, Call.id == Recording.call_id)
    wanted = (Recording.id == id_, Recording.state == "kept", hearable_by(who))
    found = db.session.execute(query.where(*wanted)).first()
    if found is None:
        raise NotFound(NONE)
    row, file = found
    scanning.require_given(file)
    _note(row, who)
    return file


def _note(row: Recording, who: Actor) -> None:
    lately = (Event.name == "call.heard", Event.at > now() - ONE_HEARING, Event.by_id == who.id)
    known = db.session.scalars(select(Event.data).where(*lately))
    if any(data.get("recording") == row.id for data in known):
        return
    with transaction():
        case = keeping.case_of(row)
        record("call.heard", by=who, ticket=case, call=row.call_id, recording=row.id)


def found(id_: int, who: Actor) -> Recording:
    """This recording, for who leads. Raises NotAllowed, NotFound."""
    require(who, "call.hear")
    row = db.session.scalar(
        select(Recording).join(Call).where(Recording.id == id_, visible_to(who))
    )
    if row is None:
        raise NotFound(NONE)
    return row


def delete(id_: int, reason: str, who: Actor) -> Recording:
    """Delete it for good; the row says why. Raises NotAllowed, NotFound, Refused, BadInput without a
    reason."""
    row, why = found(id_, who), reason.strip()
    if not why or len(why) > MOST_REASON:
        raise bad_fields(reason=FILL)
    with transaction():
        if locked(row).state in ("deleted", "unwanted"):
            raise Refused(NO_MORE)
        keeping.delete(row, why, who)
    keeping.clear()
    return row


def fetch_again(id_: int, who: Actor) -> Recording:
    """Look for one that could not be had, from the beginning. Raises NotAllowed, NotFound, Refused."""
    row = found(id_, who)
    with transaction():
        row = locked(row)
        if row.state != "failed":
            raise Refused(NO_MORE)
        row.state, row.tries, row.next_at = "waiting", 0, None
    return row
