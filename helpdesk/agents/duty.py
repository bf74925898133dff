"""Who is on duty as what, and who is away: rows that people keep, read by the roster.

A duty says: in this role, for this department or the whole company, this person, with a deputy, from
a day until a day, on some weekdays, between two times of the day. An absence says who stands in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ForeignKey, Index, or_
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.core.db import Model, UtcTime
from helpdesk.core.i18n import N_

DAY = 24 * 60  # minutes
ROLE_NAMES = {
    "owner": N_("person responsible"),
    "team_leader": N_("team leader"),
    "manager": N_("department manager"),
    "supervisor": N_("supervisor"),
    "division_leader": N_("division leader"),
    "general_manager": N_("general manager"),
}
WEEKDAY_NAMES = {
    "1": N_("Mon"),
    "2": N_("Tue"),
    "3": N_("Wed"),
    "4": N_("Thu"),
    "5": N_("Fri"),
    "6": N_("Sat"),
    "7": N_("Sun"),
}


class Stretch:
    """The part of a table whose rows tell of somebody from one moment until another, and of a deputy."""

    agent_id: Mapped[int] = mapped_column(ForeignKey("agent.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("agent.id"))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcTime)

    @classmethod
    def lasts(cls, moment: datetime) -> ColumnElement[bool]:
        """The condition that a row has not ended by this moment."""
        return or_(cls.ends_at.is_(None), cls.ends_at > moment)


class Duty(Stretch, Model):
    """One line of the duty roster. Without a department it is for the whole company."""

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_role", "role", "department_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str]  # see ROLE_NAMES
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    weekdays: Mapped[str] = mapped_column(default="")  # "12345"; '' = every day
    from_minute: Mapped[int] = mapped_column(default=0)  # of the day, in the company's zone
    until_minute: Mapped[int] = mapped_column(default=DAY)  # not after from: it ends the next day

    def covers(self, moment: datetime, zone: ZoneInfo) -> bool:
        """Whether this duty runs at the moment."""
        if moment < self.starts_at or (self.ends_at is not None and moment >= self.ends_at):
            return False
        local = moment.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if self.from_minute < self.until_minute:
            return self.from_minute <= minute < self.until_minute and self._on(local)
        tonight = minute >= self.from_minute and self._on(local)
        return tonight or (minute < self.until_minute and self._on(local - timedelta(days=1)))

    def _on(self, local: datetime) -> bool:
        return not self.weekdays or str(local.isoweekday()) in self.weekdays


class Absence(Stretch, Model):
    """Somebody is away: what is meant for them goes to their deputy meanwhile."""

    __tablename__ = "absence"
    __table_args__ = (Index("ix_absence_agent", "agent_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
