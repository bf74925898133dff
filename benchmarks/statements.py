"""SQL statements of a page: `python -m benchmarks.statements MAIL PATH ...` prints JSON.

Runs the program in this process on the database of HELPDESK_DATABASE_URL, because only there the
statements can be counted. A path may be /api/v1/tickets+ for opening a ticket.
"""

from __future__ import annotations

import json
import sys

from sqlalchemy import select

from benchmarks.cases import cases
from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import fresh_session
from helpdesk.core.db import db
from tests.help.statements import counted
from wsgi import app


def main(token: str, mail: str, paths: list[str]) -> None:
    """Print {path: statements} of each page, the second time that it is asked for."""
    client = app.test_client()
    with app.app_context():
        agent = db.session.scalars(select(Agent).where(Agent.email == mail)).unique().one()
        with client.session_transaction() as session:
            session.update(fresh_session(agent))
    found = {path: _count(client, path, token) for path in paths}
    print(json.dumps(found))


def _count(client: object, path: str, token: str) -> int:
    head = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
    samples = cases(99)
    for _ in range(2):
        with app.app_context(), counted() as sent:
            if path.endswith("+"):
                client.post(path[:-1], json=next(samples), headers=head)  # type: ignore[attr-defined]
            else:
                client.get(path, headers=head)  # type: ignore[attr-defined]
    return len(sent)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
