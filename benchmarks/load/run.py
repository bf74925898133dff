"""seed_load(): very many tickets in one transaction, the same ones for the same seed."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from benchmarks.load.articles import make_articles
from benchmarks.load.bulk import Bulk
from benchmarks.load.events import COLUMNS, Journal
from benchmarks.load.lives import Life, draw_life, duration, live
from benchmarks.load.people import (
    make_customers,
    make_departments,
    make_staff,
    pick_customer,
)
from benchmarks.load.promises import Promises, when
from benchmarks.load.rows import Pages, World
from benchmarks.load.writing import Writing
from helpdesk import clock
from helpdesk.core import options
from helpdesk.core.db import transaction
from helpdesk.core.events import Event
from helpdesk.core.rows import draw
from helpdesk.promises.models import Promise
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.setup import in_force
from helpdesk.setup.models import Category
from helpdesk.tickets.models import Callback, Message, Ticket

LOAD_PASSWORD = "for-load-tests-only"
CUSTOMERS = 5000
BATCH = 2000
LONG_TALK = 20
ZONE = ZoneInfo("Asia/Shanghai")
Progress = Callable[[str], object]


@dataclass(frozen=True)
class LoadReport:
    """What was made. `long_talk` is the number of the ticket with exactly twenty messages."""

    tickets: int
    open: int
    messages: int
    events: int
    customers: int
    articles: int = 0
    agents: list[str] = field(default_factory=list)
    long_talk: str = ""


def seed_load(
    tickets: int = 100_000,
    open: int | None = None,
    messages: int = 2,
    agents: int = 40,
    seed: int = 1,
    now: datetime | None = None,
    progress: Progress | None = None,
    *,
    articles: int = 200,
) -> LoadReport:
    """Add so many tickets (`open` of them not ended, 4 % when None) to the database, all or none.

    `messages` is the average per ticket. The same arguments on an empty database make the same rows.
    """
    moment = int((now or clock.now()).timestamp())
    writing = Writing(Random(seed))
    say = progress or (lambda _words: None)
    seed_defaults()
    with _without_collecting(), transaction() as session:
        bulk = Bulk(session)
        make_articles(bulk, writing, articles, when(moment))
        world = _world(session, bulk, writing, agents, min(CUSTOMERS, tickets // 4 + 20), moment)
        lives = _lives(world, tickets, tickets // 25 if open is None else open, messages)
        say(f"{len(lives)} lives")
        numbers = list(_numbers(session, lives))
        report = _write(bulk, world, lives, numbers, say)
        bulk.settle()
    return replace(report, articles=articles)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Millions of objects live to the end of the load: looking for garbage costs a sixth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _world(
    session: Session, bulk: Bulk, writing: Writing, agents: int, customers: int, now: int
) -> World:
    departments = make_departments(session)
    options.changed()
    session.flush()
    snapshot = in_force.current()
    hashed = generate_password_hash(LOAD_PASSWORD)
    return World(
        setup=snapshot,
        promises=Promises(snapshot, now),
        customers=make_customers(bulk, writing, customers, when(now)),
        staff=make_staff(session, writing, agents, departments, hashed),
        departments=departments,
        categories={
            row.code: row.id for row in session.execute(select(Category.code, Category.id))
        },
        writing=writing,
        now=now,
    )


def _lives(world: World, count: int, still_open: int, messages: int) -> list[Life]:
    """Every life in the order of arrival; those that would end last are the open ones."""
    chance = world.writing.chance
    lives = [_begin(world, at, messages) for at in arrivals(count, when(world.now), chance)]
    ends = [life.received + duration(chance) for life in lives]
    order = sorted(range(count), key=lambda place: (ends[place], place))
    are_open = set(order[count - min(still_open, count) :])
    stays: int | None = None
    for place, life in enumerate(lives):
        life.merged_into = stays
        live(life, ends[place], world.now, place in are_open, chance)
        if life.status == "merged" and stays is not None:
            life.person = lives[stays].person
        else:
            life.merged_into, stays = None, place
    return lives


def _begin(world: World, received: int, messages: int) -> Life:
    writing, chance = world.writing, world.writing.chance
    category, faults, products = writing.category()
    person = pick_customer(chance, world.customers)
    language = world.customers[person].language
    product, subject = writing.matter(language, faults, products)
    return draw_life(
        received,
        chance,
        language=language,
        category=category,
        department=writing.phrases["departments"][category.partition(".")[0]],
        person=person,
        subject=subject,
        product=product,
        place=writing.place(language),
        messages=chance.randint(1, max(1, 2 * messages - 1)),
        desk=chance.randrange(1000),
        handler=chance.randrange(1000),
    )


def _numbers(session: Session, lives: list[Life]) -> Iterator[str]:
    """The ticket numbers in the order of arrival, drawn from each year's counter."""
    years = [when(life.received).astimezone(ZONE).year for life in lives]
    following = {year: draw(session, f"ticket:{year}", n) for year, n in Counter(years).items()}
    for year in years:
        yield f"{year}-{following[year]:06d}"
        following[year] += 1


def _write(
    bulk: Bulk, world: World, lives: list[Life], numbers: list[str], say: Progress
) -> LoadReport:
    long_talk = _give_long_talk(lives)
    first = bulk.first_id(Ticket)
    made = (Ticket, Message, Promise, Callback)
    pages = Pages(world, {model: bulk.first_id(model) for model in made})
    before = pages.next_ids[Message]
    journal = Journal(world)
    with bulk.indexing("ticket"):
        for place, life in enumerate(lives):
            target = None if life.merged_into is None else first + life.merged_into
            pages.add(life, first + place, numbers[place], target)
            journal.note(life)
            if (place + 1) % BATCH == 0:
                pages.flush(bulk)
                say(f"{place + 1} / {len(lives)}")
        pages.flush(bulk)
    say("journal")
    seq = draw(bulk.session, "event", len(journal))
    bulk.write(Event, COLUMNS, journal.rows(lives, first, seq))
    return LoadReport(
        tickets=len(lives),
        open=sum(life.ended is None for life in lives),
        messages=pages.next_ids[Message] - before,
        events=len(journal),
        customers=len(world.customers),
        agents=world.staff.mails(),
        long_talk=numbers[long_talk] if lives else "",
    )


def _give_long_talk(lives: list[Life]) -> int:
    """The place of the one ticket that has twenty messages: the newest that is being handled."""
    handled = [place for place, life in enumerate(lives) if life.status == "handling"]
    place = (handled or list(range(len(lives))) or [0])[-1]
    if lives:
        lives[place].messages = LONG_TALK
    return place


WEEKDAYS = (443, 353, 371, 312, 292, 50, 43)
HOURS = (
    *([0.63] * 7),
    *(2.3, 10.3, 12.5, 11.7, 10.2, 5.4, 6.7, 9.3, 8.8, 7.6, 4.4),
    *([1.07] * 6),
)
BURSTS = 2.0  # the shape of the gamma: smaller is burstier
PER_DAY = 275
SHORTEST, LONGEST = 30, 1095  # days


def span(tickets: int) -> int:
    """Over how many days so many tickets spread at a usual rate."""
    return max(SHORTEST, min(LONGEST, tickets // PER_DAY))


def arrivals(tickets: int, until: datetime, chance: Random) -> list[int]:
    """So many moments before `until`, in order, as whole seconds since 1970."""
    first = datetime.combine(until.astimezone(ZONE).date(), time(0), ZONE)
    first -= timedelta(days=span(tickets))
    hours = [first + timedelta(hours=n) for n in range((until - first) // timedelta(hours=1))]
    starts = [int(hour.timestamp()) for hour in hours]
    rates = [_rate(hour) * chance.gammavariate(BURSTS, 1 / BURSTS) for hour in hours]
    drawn = chance.choices(starts, cum_weights=list(accumulate(rates)), k=tickets)
    return sorted(start + chance.randrange(3600) for start in drawn)


def _rate(hour: datetime) -> float:
    return WEEKDAYS[hour.weekday()] * HOURS[hour.hour]
