"""The year to come: when its days are not published by 1 November, administrators are told.

The notice of the State Council's office comes in late October to December. A year without days is
never guessed, so promises into it are provisional until somebody brings the days in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import now
from helpdesk.core.alarms import Alarm, Ring, on_alarm, set_alarm
from helpdesk.core.calendars import KNOWN_BY, load_calendars, unpublished
from helpdesk.core.db import db, transaction
from helpdesk.core.events import record
from helpdesk.core.i18n import company_zone

ALARM = "calendar.year"
HOUR = 9
REMIND = timedelta(days=7)


def plan() -> None:
    """Keep exactly one alarm: at the next 1 November, or now when a year is missing already."""
    with transaction():
        if not db.session.scalar(select(exists().where(Alarm.kind == ALARM))):
            set_alarm(ALARM, 1, _next(now() if missing() else None))


def missing() -> dict[str, int]:
    """Calendars whose days end before the year that must be known by now: code -> that year."""
    return unpublished(load_calendars(), now().astimezone(company_zone()).date())


def _next(at: datetime | None = None) -> datetime:
    """This moment, or the morning of the next 1 November on the company's wall."""
    if at is not None:
        return at
    local = now().astimezone(company_zone())
    reminder = datetime(local.year, *KNOWN_BY, HOUR, tzinfo=company_zone())
    return reminder if reminder > local else reminder.replace(year=local.year + 1)


@on_alarm(ALARM)
def ring(_alarm: Ring) -> None:
    """Tell what is missing, and look again in a week, or next November when all is known."""
    lacking = missing()
    for year in sorted(set(lacking.values())):
        codes = sorted(code for code, needed in lacking.items() if needed == year)
        record("calendar.year_missing", by=SYSTEM, year=year, calendars=codes)
    set_alarm(ALARM, 1, now() + REMIND if lacking else _next())
