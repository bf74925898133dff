"""What the database would do for each statement that pages send, and where that grows with its tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import fresh_session
from helpdesk.core import kept, options
from helpdesk.core.db import db
from helpdesk.desk import queue_views
from helpdesk.tickets import queries, ticket_lists
from helpdesk.tickets.models import Ticket
from tests.help.statements import heard

ROLES = ("agent", "handler", "supervisor")
LARGE = (
    *("ticket", "promise", "message", "event", "delivery", "alarm", "person", "contact_address"),
    *("attachment", "outbound_mail", "callback", "rating", "news"),
)
WORDS = ("repair", '"repair"', "维修", "Wang", "13800138000", "x@example.com", "zzzzqq")
SCAN = re.compile(r"SCAN (\w+)(?! VIRTUAL)")
COUNTS = re.compile(  # of open cases, kept while the journal stands still; or so far and no further
    r"count\(\*\)(?s:.*)ticket\.closed_at IS NULL(?!.*ORDER BY)"
    r"|^SELECT count\(\*\) AS \w+ \nFROM \(SELECT"
)


@dataclass(frozen=True)
class Sent:
    """A statement as a page sent it."""

    page: str
    text: str
    given: Any


def pages(who: Agent) -> Iterator[str]:
    """Every list that a colleague may ask for: each order, the first page and a later one."""
    yield from (f"/search?q={words}" for words in WORDS)
    yield from (f"/customers?q={words}" for words in WORDS)
    yield from ("/callbacks", "/notices", "/mail", "/news", "/notices?done=1", "/tickets?q=repair")
    views = [f"/queue?view={view.code}" for view in queue_views.views(who.actor)]
    narrowed = (
        "",
        "status=closed",
        "kind=complaint",
        "open=yes",
        "open=yes&assignee=me",
        "late=yes",
    )
    lists = [f"/tickets?{each}" for each in narrowed]
    for sort, order in ticket_lists.ORDERS.items():
        row = db.session.scalar(
            select(Ticket).where(order.column.is_not(None), Ticket.closed_at.is_(None)).limit(1)
        )
        after = queries.cursor(getattr(row, order.column.key), row.id) if row else ""
        for path in (*views, *lists):
            yield f"{path}&sort={sort}"
            yield f"{path}&sort={sort}&after={after}".replace("+", "%2B")


def sent_to(app: Flask, role: str, headers: dict[str, str]) -> list[Sent]:
    """What the lists of the first colleague with this role send, each statement once."""
    client = app.test_client()
    found: dict[str, Sent] = {}
    who = db.session.scalars(select(Agent).where(Agent.role == role).order_by(Agent.id)).first()
    assert who, f"nobody is a {role}"
    with client.session_transaction() as session:
        session.update(fresh_session(who))
    lists = [f"/api/v1/tickets?{each}" for each in ("", "q=repair", "cursor=50", "status=closed")]
    for page in [*pages(who), *lists]:
        kept.forget()
        options.forget()
        with _listening(page, found):
            answer = client.get(page, headers=headers if page.startswith("/api") else {})
        assert answer.status_code in (200, 403), (page, answer.status_code)
    return list(found.values())


@contextmanager
def _listening(page: str, found: dict[str, Sent]) -> Iterator[None]:
    def hear(text: str, given: Any) -> None:
        if text.startswith("SELECT"):
            found.setdefault(
                text + repr(sorted(given) if isinstance(given, dict) else ""),
                Sent(page, text, given),
            )

    with heard(hear):
        yield


def faults(sent: Sent, rows: int) -> list[str]:
    """What is wrong with the plan of this statement: a whole large table is read, or on PostgreSQL more
    than so many rows by one of its steps."""
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent.text}", sent.given)
        steps = [(parent, str(step)) for _id, parent, _unused, step in found]
        sorting = {parent for parent, step in steps if step == "USE TEMP B-TREE FOR ORDER BY"}
        ends = "LIMIT" in sent.text  # in the order of the rows or of an index it ends early
        return [
            step
            for parent, step in ([] if COUNTS.search(sent.text) else steps)
            if (name := SCAN.match(step)) and name[1] in LARGE
            if not ends or (parent in sorting and "USING" not in step)
        ]
    text = f"EXPLAIN (ANALYZE, FORMAT JSON) {sent.text}"
    plan: Any = connection.exec_driver_sql(text, sent.given).scalar()
    return [each for step in _steps(plan[0]["Plan"]) if (each := _fault(step, rows, sent.text))]


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _steps(each)


def _fault(step: dict[str, Any], rows: int, text: str) -> str:
    if not step["Node Type"].endswith("Scan") or COUNTS.search(text):
        return ""
    passed = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    read = sum(step.get(each, 0) for each in passed) * step.get("Actual Loops", 1)
    names = (step.get(each, "") for each in ("Node Type", "Relation Name", "Index Name"))
    return f"{' '.join(names)}: {read:,.0f} rows" if read > rows else ""
