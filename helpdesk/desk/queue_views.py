"""The live queue as a page: its views, their counts, who is next."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from helpdesk.agents.rights import Actor, may, scope
from helpdesk.calls import judging
from helpdesk.clock import now
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound, Refused
from helpdesk.core.i18n import N_, gettext, language
from helpdesk.core.kept import FOR_GOOD, Keeping, Made
from helpdesk.desk.nav import count_for
from helpdesk.notices import rows
from helpdesk.promises.policy import Unit
from helpdesk.setup import in_force
from helpdesk.setup.routing import DISPATCH_DESK
from helpdesk.tickets import queries, queue, ticket_lists
from helpdesk.tickets.filters import Filter
from helpdesk.tickets.models import Ticket

TRIES = 8  # how many free tickets take_next looks at before it gives up against faster colleagues
OPEN = Filter(open="yes")


@dataclass(frozen=True)
class View:
    """One tab of the queue. `topic` is what its live list listens to.

    `rows_come` False: a pushed row may not belong into it, so the list is fetched again instead.
    `always`: it is offered with nothing in it, too.
    """

    code: str
    label: str
    filter: Filter
    topic: str
    rows_come: bool = False
    always: bool = True


@dataclass(frozen=True)
class Counts:
    """How many tickets are open, and how many of them late, for one reader."""

    open: Counter[str] = field(default_factory=Counter)  # by view
    late: Counter[str] = field(default_factory=Counter)

    def of(self, code: str) -> int:
        """The count of a view."""
        return self.open[code]

    def late_of(self, code: str) -> int:
        """How many of a view are late."""
        return self.late[code]


def views(who: Actor) -> list[View]:
    """The tabs for this reader: their own, everything, the dispatch desk, late ones, departments."""
    everything = scope(who).everything
    units = _units(who)
    home = "queue:all" if everything else f"queue:{units[0].code}" if units else "me"
    found = [View("mine", gettext("Mine"), OPEN.but(assignee=("me",)), home)]
    if everything:
        found += [
            View("all", gettext("All open"), OPEN, "queue:all", rows_come=True),
            _of_queue(DISPATCH_DESK, gettext("Dispatch desk")),
        ]
    found.append(View("late", gettext("Late"), OPEN.but(late="yes"), home))
    if may(who, "callback.work"):
        calls = OPEN.but(status=("callback",), call=("due",))
        found.append(View("callbacks", gettext("Follow-up calls"), calls, home))
    own = (_of_queue(unit.code, unit.names[language()]) for unit in units)
    return [*found, *(replace(each, always=False) for each in own)]


def _units(who: Actor) -> list[Unit]:
    seen = scope(who)
    units = [unit for unit in in_force.current().departments.values() if unit.active]
    return [unit for unit in units if seen.everything or unit.id in seen.department_ids]


def _of_queue(code: str, label: str) -> View:
    return View(code, label, OPEN.but(queue=(code,)), f"queue:{code}", rows_come=True)


def view(code: str, who: Actor, offered: list[View] | None = None) -> View:
    """The view with this code, or the one a person begins with, of those that are offered to them.

    Raises NotFound.
    """
    offered = offered or views(who)
    if not code:
        return offered[1] if scope(who).everything else offered[-1]
    for each in offered:
        if each.code == code:
            return each
    raise NotFound(N_("There is no such view of the queue, or it is not yours to see."))


def counts(who: Actor) -> Counts:
    """Open tickets by view: counted once while the journal stands still, for all who see the same."""
    every = _keeping.while_still(in_force.current(), scope(who), lambda: _by_queue(who))
    own = _keeping.while_still(in_force.current(), who, lambda: _own(who))
    return Counts(every.open | own.open, every.late | own.late)


_keeping: Keeping[Counts] = Keeping(most=500)


def _by_queue(who: Actor) -> Made[Counts]:
    """The views that look alike for all with this scope: one GROUP BY over the open ones."""
    moment, total = now(), Counts()
    late, waits = Ticket.due_at < moment, queries.call_is_due()
    columns: list[Any] = [func.count().filter(each) for each in (late, waits, waits & late)]
    next_due = func.min(Ticket.due_at).filter(Ticket.due_at >= moment)
    query = select(Ticket.queue, func.count(), *columns, next_due).where(*_open_to(who))
    ahead = [FOR_GOOD]
    for code, number, overdue, calls, calls_late, due in db.session.execute(
        query.group_by(Ticket.queue)
    ):
        total.open.update({code: number, "all": number, "late": overdue, "callbacks": calls})
        total.late.update({code: overdue, "all": overdue, "late": overdue, "callbacks": calls_late})
        ahead += [due] if due else []
    return Made(total, moment, min(ahead))


def _own(who: Actor) -> Made[Counts]:
    """What this person is on."""
    moment = now()
    late, ahead = Ticket.due_at < moment, Ticket.due_at >= moment
    columns = func.count(), func.count().filter(late), func.min(Ticket.due_at).filter(ahead)
    mine = Ticket.assignee_id == (who.id if who.kind == "agent" else None)
    number, overdue, due = db.session.execute(select(*columns).where(mine, *_open_to(who))).one()
    counts = Counts(Counter(mine=number), Counter(mine=overdue))
    return Made(counts, moment, due or FOR_GOOD)


def _open_to(who: Actor) -> tuple[Any, ...]:
    return Ticket.closed_at.is_(None), queries.visible_to(who)


@count_for("notices")
def _notices_in_navigation(who: Actor) -> ScalarSelect[int]:
    return rows.waiting_number(who).scalar_subquery()


@count_for("queue")
def _in_navigation(who: Actor) -> ScalarSelect[int]:
    """Open tickets that this person is on."""
    mine = Ticket.assignee_id == (who.id if who.kind == "agent" else None)
    return select(func.count()).where(Ticket.closed_at.is_(None), mine).scalar_subquery()


@count_for("calls")
def _scores_in_navigation(who: Actor) -> ScalarSelect[int]:
    """Low scores of callers that nobody who leads has read."""
    return judging.waiting(who)


@count_for("callbacks")
def _calls_in_navigation(who: Actor) -> ScalarSelect[int]:
    """Follow-up calls that are to be made."""
    due = select(func.count()).where(queries.call_is_due(), Ticket.closed_at.is_(None))
    return due.where(queries.visible_to(who)).scalar_subquery()


def take_next(view: View, who: Actor) -> Ticket:
    """Claim the ticket of this view that is due next and that nobody has. Raises Refused."""
    free = ticket_lists.page(view.filter.but(assignee=("none",)), who, "due", size=TRIES).tickets
    for ticket in free:
        try:
            return queue.claim(ticket, by=who)
        except Refused as error:
            if error.code != "taken":
                raise
    raise Refused(N_("Nobody is waiting here: every ticket is taken."))
