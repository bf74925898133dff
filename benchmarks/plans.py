"""What the database does for each list: `benchmarks/plans TOKEN`.

Asks for every list, queue, search, follow-up, notice and mail page as each kind of reader on the database
of HELPDESK_DATABASE_URL, has each statement explained, and ends with 1 when one reads a large table from
end to end, or more rows of one than there are open cases. The database should hold 100,000 tickets.
"""

from __future__ import annotations

import sys

from sqlalchemy import func, select

from helpdesk.core.db import db
from helpdesk.tickets.models import Ticket
from tests.help import plans
from wsgi import app


def main(token: str) -> int:
    """How many statements are read with a bad plan; prints each."""
    headers, bad = {"Authorization": f"Bearer {token}"}, 0
    for role in plans.ROLES:
        with app.app_context():
            sent = plans.sent_to(app, role, headers)
            few = db.session.scalar(select(func.count()).where(Ticket.closed_at.is_(None))) or 0
            for each in sent:
                if wrong := plans.faults(each, few):
                    bad += 1
                    print(
                        f"{role} {each.page}: {'; '.join(wrong)}\n    {' '.join(each.text.split())}"
                    )
                db.session.rollback()
            print(f"{role}: {len(sent)} statements", flush=True)
    print(f"{bad} grow with a table")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
