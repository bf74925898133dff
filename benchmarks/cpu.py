"""CPU time and statements of each page: `python -m benchmarks.cpu TOKEN MAIL [PATH ...]`.

Runs the program in this process on the database of HELPDESK_DATABASE_URL and asks for each page
fifteen times; prints the least CPU time of this process, so that other work on the machine hardly
shows. Time that the database needs is not in it, but in the least wall time beside it. What a fixed
loop took in between stands there too: two runs can be compared when their loops took the same.
/statistics is asked for by the first supervisor, all else by who is named. /nothing says one letter
to who is signed in: what each page costs at least; "bare" is what a plain Flask takes that reads a signed
session, asks the database for one row (in a transaction of its own) and says one letter.
/api/v1/tickets+ stands for opening one, "most" for the number of the case with most messages; what
customers read is asked for by somebody who has given that case's tracking code. The last line is what is
done behind a hundred openings (the receipts), for each of them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, session
from sqlalchemy import func, select

from benchmarks.cases import cases
from benchmarks.report import loop, milliseconds
from helpdesk.agents.models import Agent
from helpdesk.agents.sign_in import fresh_session, signed_in
from helpdesk.core import outbox
from helpdesk.core.db import db
from helpdesk.settings import settings
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Message, Ticket
from tests.help.statements import counted
from wsgi import app

ROUNDS = 15
NOTHING = "/nothing"
PUBLIC = ("/new", "/track", "/kb?q")
PAGES = (
    NOTHING,
    "/queue?view=all",
    "/tickets",
    "/search?q=%22repair%22",
    "/tickets/most",
    "/tickets/most?part=dialogs",
    "/new",
    "/track/most",
    "/kb?q=repair",
    "/statistics",
    "/statistics?period=year",
    "/api/v1/tickets?limit=50",
    "/api/v1/tickets?limit=50&q=repair",
    "/api/v1/tickets+",
)


def main(token: str, mail: str, *paths: str) -> None:
    """One line for each page: CPU in ms, statements, size in kB."""
    app.add_url_rule(NOTHING, view_func=signed_in(lambda: "x"))
    agent, leader = _client(Agent.email == mail), _client(Agent.role == "supervisor")
    anybody = app.test_client()
    with app.app_context():
        number, code = _longest()
        bare = _bare()
    print(_figures("bare", bare), flush=True)
    anybody.get(f"/track/{number}/{code}")
    for path in paths or PAGES:
        who = leader if path.startswith("/statistics") else agent
        browser = anybody if path.startswith(PUBLIC) else who
        print(_line(browser, path.replace("most", number), token), flush=True)
    if not paths:
        print(_behind(token), flush=True)


def _client(which: Any) -> Any:
    """The browser of the first person of whom this holds."""
    client = app.test_client()
    with app.app_context():
        agent = db.session.scalars(select(Agent).where(which).order_by(Agent.id)).unique().first()
        assert agent, "nobody of whom this holds works here"
        with client.session_transaction() as kept:
            kept.update(fresh_session(agent))
    return client


def _longest() -> tuple[str, str]:
    """Number and tracking code of the case with most messages."""
    most = select(Message.ticket_id).group_by(Message.ticket_id).order_by(func.count().desc())
    ticket = db.session.get_one(Ticket, db.session.scalar(most.limit(1)))
    return ticket.number, tracking.secret(ticket, settings().secret_key)


def _bare() -> Callable[[], Any]:
    """What asks a plain program: a session is read, a row asked for, a letter said."""
    bare, engine = Flask("bare"), db.engine
    bare.secret_key = settings().secret_key

    @bare.get("/")
    def say() -> str:
        connection = engine.raw_connection()
        driver: Any = connection.driver_connection
        driver.execute(f"SELECT name FROM agent WHERE id = {int(session['id'])}").fetchone()
        connection.close()
        return "x"

    client = bare.test_client()
    with client.session_transaction() as kept:
        kept.update(id=1, since=1, seen=1, name="a" * 32)
    return lambda: client.get("/")


def _line(client: Any, path: str, token: str) -> str:
    return _figures(path, _asking(client, path, token))


def _figures(what: str, ask: Callable[[], Any]) -> str:
    spent, loops, walls = [], [], []
    for _ in range(ROUNDS):
        loops.append(milliseconds(loop))
        begin = time.perf_counter()
        spent.append(milliseconds(ask))
        walls.append((time.perf_counter() - begin) * 1000)
    with app.app_context(), counted() as sent:
        answer = ask()
    figures = f"{min(spent):7.1f} ms {min(walls):7.1f} wall {len(sent):4} SQL"
    figures += f" {len(answer.data) / 1024:7.1f} kB"
    return f"{what:44} {answer.status_code} {figures}   loop {min(loops):.2f} ms"


def _behind(token: str) -> str:
    """The deliveries of a hundred openings, for each: CPU and statements."""
    opening = _asking(app.test_client(), "/api/v1/tickets+", token)
    with app.app_context():
        while outbox.deliver_due():
            pass
    for _ in range(100):
        opening()
    with app.app_context(), counted() as sent:
        spent = milliseconds(outbox.deliver_due)
    pace = min(milliseconds(loop) for _ in range(ROUNDS))
    figures = f"{spent / 100:7.2f} ms {len(sent) / 100:4.2f} SQL"
    return f"{'behind an opening, 100 at once':48} {figures}   loop {pace:.2f} ms"


def _asking(client: Any, path: str, token: str) -> Callable[[], Any]:
    head = {"Authorization": f"Bearer {token}"} if path.startswith("/api/") else {}
    client = app.test_client() if head else client
    samples = cases(time.time_ns())
    if path.endswith("+"):
        return lambda: client.post(path[:-1], json=next(samples), headers=head)
    return lambda: client.get(path, headers=head)


if __name__ == "__main__":
    main(*sys.argv[1:])
