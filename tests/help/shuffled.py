"""Every question without an order is answered in a random one: `bin/test -p tests.help.shuffled`.

PostgreSQL promises none, and keeps to the order of writing until it tidies a table up in the middle
of a test. A run with this finds who relies on it.
"""

from __future__ import annotations

from sqlalchemy import Select, event, func
from sqlalchemy.orm import ORMExecuteState, Session


@event.listens_for(Session, "do_orm_execute")
def shuffle(asked: ORMExecuteState) -> None:
    """Add a random order where none is asked for, unless rows are counted or made unlike."""
    known = asked.statement
    if isinstance(known, Select) and not (
        known._order_by_clauses or known._group_by_clauses or known._distinct
    ):
        asked.statement = known.order_by(func.random())
