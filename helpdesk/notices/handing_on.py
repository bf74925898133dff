"""What colleagues hold of notices, and how it goes on when they leave (see agents.leaving)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, true, update

from helpdesk.agents.leaving import Leaving, Part, holds
from helpdesk.agents.rights import Actor, may
from helpdesk.clock import now
from helpdesk.core.db import change_rows
from helpdesk.core.events import record
from helpdesk.core.i18n import N_
from helpdesk.notices.lifecycle import OPEN
from helpdesk.notices.models import Notice


def _notices(leaving: Leaving) -> ColumnElement[bool]:
    """Open notices that this person has issued, of which nobody else is told by name."""
    theirs = (Notice.issuer_id == leaving.agent.id) & Notice.status.in_(OPEN)
    keeps = leaving.future is not None and may(leaving.future, "notice.issue")
    return theirs & ~true() if keeps else theirs


def _pass_notices(leaving: Leaving, by: Actor) -> None:
    """To an heir who may issue notices; else the roles are told alone."""
    able = leaving.heir is not None and may(leaving.heir.actor, "notice.issue")
    heir = leaving.heir if able else None
    moved = change_rows(
        update(Notice)
        .where(_notices(leaving))
        .values(issuer_id=heir.id if heir else None, updated_at=now(), version=Notice.version + 1)
        .returning(Notice.id)
    )
    for row in moved.all():
        record(
            "notice.handed_on",
            by=by,
            notice=row,
            who=leaving.agent.name,
            assignee=heir.name if heir else "",
        )


holds(Part(N_("open notices"), _notices, _pass_notices))
