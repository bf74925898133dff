"""A believable day of one invented company: people, cases, promises kept and broken, both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import event, select, update
from werkzeug.security import generate_password_hash

from helpdesk import clock
from helpdesk.agents.rights import Actor
from helpdesk.clock import moved_to
from helpdesk.core.db import change_rows, db, transaction
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.core.outbox import Delivery
from helpdesk.customers.models import Person
from helpdesk.customers.people import index
from helpdesk.kb.feedback import note_miss
from helpdesk.kb.models import Article
from helpdesk.kb.seeding import make_article
from helpdesk.seeds.company import make_company
from helpdesk.seeds.content import load, mail_of, stories
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.seeds.stories import Happening, Stage, play
from helpdesk.seeds.timeline import Timeline
from helpdesk.tickets.models import Ticket

DEMO_PASSWORD = "haichuan-demo-2026"  # noqa: S105  printed by the command; only the demo sets it
BEFORE_ALL = "D-60 08:30"
Progress = Callable[[str], object]


def seed_demo(
    now: datetime | None = None, progress: Progress | None = None
) -> list[tuple[str, str, str]]:
    """Fill an empty database with the demo as of `now`; returns (mail, role, password) to sign in.

    The same `now` gives the same day. Raises Refused where there are tickets already.
    """
    if db.session.scalar(select(Ticket.id).limit(1)):
        raise Refused(
            N_(
                "There are tickets here already. The demo needs an empty database; nothing was changed."
            )
        )
    moment = (now or clock.now()).replace(microsecond=0)
    timeline = Timeline(moment)
    with _hurried():
        _fill(timeline, progress)
    _send_nothing(moment)
    return sign_ins()


def _fill(timeline: Timeline, progress: Progress | None) -> None:
    with moved_to(timeline.at(BEFORE_ALL)):
        seed_defaults()
        actors = make_company(generate_password_hash(DEMO_PASSWORD), seen_at=timeline.now)
    stage = Stage(timeline, actors, load("customers"))
    play([*writing(timeline, actors), *stage.happenings(stories())], timeline.now, progress)
    with moved_to(timeline.now):
        count_readers()


@contextmanager
def _hurried() -> Iterator[None]:
    """SQLite need not wait for the disk at each of a thousand commits; the last one does."""
    if db.engine.dialect.name != "sqlite":
        yield
        return
    db.session.remove()
    event.listen(db.engine, "checkout", _without_waiting)
    try:
        yield
    finally:
        event.remove(db.engine, "checkout", _without_waiting)
        db.session.remove()
        db.engine.dispose()


def _without_waiting(connection: Any, *_rest: Any) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")  # safe in WAL: a crash loses, never damages


def _send_nothing(moment: datetime) -> None:
    """Invented people get no mail: what the day would have sent counts as done.

    What else the outbox would do is done here: people can be found by name and number.
    """
    with transaction() as session:
        for person in session.scalars(select(Person)):
            index(person)
        session.execute(update(Delivery).values(state="done", done_at=moment))


def sign_ins() -> list[tuple[str, str, str]]:
    """(mail, role, password) of everybody in the demo."""
    agents = load("company")["agents"]
    return [(mail_of(row["key"]), row["role"], DEMO_PASSWORD) for row in agents]


REVIEWER, SECOND = "chen.jing", "ahmed.farouk"  # nobody approves own words
COUNTS = ("used", "helped", "not_helped")
MISSES = (
    ("滤芯多久换一次", "zh_Hans", 5),
    ("以旧换新补贴", "zh_Hans", 4),
    ("pair with voice assistant", "en", 3),
    ("企业团购折扣", "zh_Hans", 2),
)


def writing(timeline: Timeline, actors: dict[str, Actor]) -> list[Happening]:
    """The moments in which the articles are written, and go as far as the demo needs them."""
    return [
        Happening(timeline.at(given["at"]), (-1, place), partial(_write, given, actors))
        for place, given in enumerate(load("articles"))
    ]


def _write(given: dict[str, Any], actors: dict[str, Actor]) -> None:
    reviewer = SECOND if given["by"] == REVIEWER else REVIEWER
    make_article(given, by=actors[given["by"]], reviewer=actors[reviewer])


def count_readers() -> None:
    """How often each article was used and found helpful, and what was looked for in vain."""
    with transaction():
        for given in load("articles"):
            counts = {name: given[name] for name in COUNTS}
            change_rows(update(Article).where(Article.code == given["code"]).values(counts))
        for query, language, times in MISSES:
            for _time in range(times):
                note_miss(query, language)
