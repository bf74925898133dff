"""What would be promised: to a customer before sending, and by a changed policy before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

from sqlalchemy import func, select

from helpdesk import promises
from helpdesk.clock import now
from helpdesk.core import i18n
from helpdesk.core.db import db
from helpdesk.core.kept import Keeping, Made
from helpdesk.promises import dues
from helpdesk.promises.models import Promise
from helpdesk.promises.policy import Terms
from helpdesk.setup import in_force, routing
from helpdesk.setup.promises.actions import counts_cases
from helpdesk.tickets.models import Ticket

PROMISE = "first_answer"


class Foretold(NamedTuple):
    """The first answer to a kind of case; `category` is "" where every category has the same."""

    kind: str
    category: str
    words: str  # the promise as a sentence, in the language and the zone in force


_keeping: Keeping[list[Foretold]] = Keeping(most=100)


def first_answers(kinds: Sequence[str], channel: str, language: str) -> list[Foretold]:
    """For each kind when somebody answers at the latest, and again for categories that differ.

    Told to the minute, and so counted once in each.
    """
    snapshot, minute = in_force.current(), now().replace(second=0, microsecond=0)

    def made() -> Made[list[Foretold]]:
        found = _counted(kinds, channel, language, snapshot)
        return Made(found, minute, minute + timedelta(minutes=1))

    key = (*kinds, channel, language, i18n.language(), str(i18n.zone()))
    return _keeping.get(snapshot, key, made)


def _counted(
    kinds: Sequence[str], channel: str, language: str, snapshot: in_force.Setup
) -> list[Foretold]:
    nodes = [node for node in snapshot.categories.values() if node.public and node.active]
    found: list[Foretold] = []
    for kind in kinds:
        usual = _first_answer(kind, channel, language, None, snapshot)
        found += [_foretold(usual, kind, "")] if usual else []
        for node in nodes:
            row = _first_answer(kind, channel, language, node, snapshot)
            if row and (usual is None or row.due_at != usual.due_at):
                found.append(_foretold(row, kind, node.code))
    return found


def _foretold(row: Promise, kind: str, category: str) -> Foretold:
    assert row.due_at is not None  # its clock begins with the case
    return Foretold(kind, category, dues.promised(row.due_at, row.limit, sent=False))


def _first_answer(
    kind: str, channel: str, language: str, node: in_force.Node | None, snapshot: in_force.Setup
) -> Promise | None:
    """The row of a case that would come in now and of which only this is known."""
    known = SimpleNamespace(kind=kind, channel=channel, place="", language=language)
    facts = routing.facts_of(known, "", "plain", node)
    route = routing.decide(facts, snapshot.rules)
    severity = routing.starting_severity("", route, node.severity if node else None, kind, False)
    case = Ticket(
        kind=kind,
        channel=channel,
        severity=severity,
        category_id=node.id if node else None,
        department_id=route.department_id,
        cycle=1,
        received_at=now(),
    )
    return promises.planned(case, PROMISE, snapshot)


@counts_cases
def open_cases(lines: Sequence[Terms]) -> int:
    """Open cases that these rows would promise something else than the edition in force.

    They keep what they were given; a further round, dispatch or a corrected severity asks anew.
    """
    today = in_force.current()
    then = replace(today, policy=tuple(lines))
    columns = (Ticket.severity, Ticket.kind, Ticket.channel, Ticket.category_id)
    groups = db.session.execute(
        select(*columns, func.count().label("number"))
        .where(Ticket.closed_at.is_(None))
        .group_by(*columns)
    )
    return sum(row.number for row in groups if _promised(row, today) != _promised(row, then))


def _promised(case: Any, snapshot: in_force.Setup) -> dict[str, tuple[str, str, str]]:
    rows = promises.applicable(case, snapshot)
    return {name: (row.limit, row.owner, row.chain) for name, row in rows.items()}
