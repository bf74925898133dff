"""What one of many waiting mails costs: processor time and statements of each part of its way.

In this process on a private database, so that other work on the machine hardly shows: mails are kept one by
one, as the receiver does, then worked on as they wait, then their receipts are written. The least of some
rounds; beside it what a fixed loop took meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from benchmarks.clocks_site import Asked, Figure
from benchmarks.clocks_together import backends
from benchmarks.mail_site import mail
from benchmarks.report import loop, milliseconds
from helpdesk.channels.email.deciding.inbound import process_stored, take
from helpdesk.channels.email.keeping import Came
from helpdesk.channels.email.models import InboundMail
from helpdesk.core import outbox
from helpdesk.core.db import db
from helpdesk.notify.models import Envelope
from tests.help.statements import counted

ROUNDS, MAILS = 5, 200


def measure(postgresql: str) -> Iterator[Figure]:
    """Three figures for each part; raises AssertionError when a mail did not become a case."""
    asked = Asked(postgresql=postgresql)
    with asked.site():
        parts: dict[str, Callable[[Any], Any]] = {
            "kept": _keep,
            "worked on": _work,
            "receipts": _tell,
        }
        spent: dict[str, list[tuple[float, float, float]]] = {part: [] for part in parts}
        for number in range(ROUNDS):
            mails = [mail(number * MAILS + each) for each in range(MAILS)]
            for part, work in parts.items():
                spent[part].append(_cost(lambda work=work, mails=mails: work(mails)))  # type: ignore[misc]
        db.session.rollback()
        made = select(func.count()).where(InboundMail.outcome == "ticket")
        assert db.session.scalar(made) == ROUNDS * MAILS
        assert db.session.scalar(select(func.count()).select_from(Envelope)) == ROUNDS * MAILS
        pace = min(milliseconds(loop) for _ in range(ROUNDS))
    for part, costs in spent.items():
        ours, theirs, sent = (min(each) / MAILS for each in zip(*costs, strict=True))
        what = f"cpu, {asked.profile}, {part}"
        yield Figure(f"{what}: this process", ours, "ms each")
        if postgresql:
            yield Figure(f"{what}: PostgreSQL", theirs, "ms each")
        yield Figure(f"{what}: statements", sent, "each")
    yield Figure(f"cpu, {asked.profile}: the fixed loop meanwhile", pace, "ms")


def _cost(work: Callable[[], Any]) -> tuple[float, float, float]:
    """Milliseconds of this process, of PostgreSQL's, and statements."""
    theirs = backends()
    with counted() as sent:
        ours = milliseconds(work)
    return ours, (backends() - theirs) * 1000, len(sent)


def _keep(mails: Sequence[bytes]) -> None:
    for raw in mails:
        take(raw, Came("support", "smtp"))


def _work(_mails: object) -> None:
    while process_stored():
        pass


def _tell(_mails: object) -> None:
    while outbox.deliver_due():
        pass
