"""flask phone: the process that speaks with the telephone system, load, and what an administrator gives."""

from __future__ import annotations

import csv
import logging
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TextIO

import click
from flask.cli import with_appcontext

from helpdesk.agents import accounts
from helpdesk.agents.cli import Commands
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import code_tree, figures, lists, taking_in, terms
from helpdesk.calls.fields import read_events
from helpdesk.channels.phone.asterisk.connector import Connector
from helpdesk.channels.phone.simulated import line as simulated
from helpdesk.channels.phone.simulated.callers import KINDS, Callers
from helpdesk.channels.phone.simulated.scheduling import Exchange
from helpdesk.channels.phone.simulated.switchboard import Event
from helpdesk.clock import now
from helpdesk.core import background, dbclock
from helpdesk.core.db import db
from helpdesk.core.errors import NotFound
from helpdesk.settings import settings

phone = Commands("phone", help="The telephone.")
TAIL = timedelta(minutes=20)  # in which the last of the simulated calls end


@phone.command("connect")
@with_appcontext
def connect() -> None:
    """Connect to the telephone system until told to stop. A second one only listens."""
    known = settings().phone
    if known is None:
        raise click.ClickException(
            "No telephone system is set: HELPDESK_PHONE_KIND, _ADDRESS, _USER, _SECRET (docs/phone.md)."
        )
    logging.getLogger("helpdesk.channels.phone").setLevel(logging.INFO)
    app, stop = background.this_app(), background.stop_on_signals()
    dbclock.follow(app, stop)
    db.session.remove()
    if known.kind == simulated.NAME:
        click.echo("Simulating an exchange. Ctrl-C ends it.")
        simulated.Line(app, stop).run()
        return
    click.echo(f"Connecting to {known.host}:{known.port}. Ctrl-C ends it.")
    Connector(app, known, stop).run()


@phone.command("simulate")
@click.option("--calls", default=500, type=click.IntRange(1, 100_000), help="How many.")
@click.option("--minutes", default=60, type=click.IntRange(1, 1440), help="Within which they come.")
@click.option("--queue", default="", help="The code of their queue; the first one where not named.")
@click.option("--seed", default=1, help="The same seed invents the same calls.")
@click.option(
    "--at-once", default=200, type=click.IntRange(1, 5000), help="Events handed in at once."
)
@with_appcontext
def simulate(calls: int, minutes: int, queue: str, seed: int, at_once: int) -> None:
    """Make load: invent calls of the time just past, hand them in as fast as they are taken, and say how
    fast that was and what the queue did."""
    known = settings().phone
    if known is not None and known.kind != simulated.NAME:
        raise click.ClickException("Invented calls would stand among those of your exchange.")
    codes = [code for code, _name in lists.queues(active=True)]
    if not codes or (queue and queue not in codes):
        raise click.ClickException(
            "There is no such queue: set one up under Settings, Call queues."
        )
    begin = now() - TAIL - timedelta(minutes=minutes)
    events = invented(begin, timedelta(minutes=minutes), calls, queue or codes[0], seed)
    seconds = hand_in(events, at_once)
    pace = len(events) / seconds if seconds else 0.0
    click.echo(f"{calls} calls, {len(events)} events in {seconds:.1f} s: {pace:.0f} a second")
    for code, found in sorted(figures.by_queue(begin.replace(microsecond=0), now()).items()):
        click.echo(
            f"{code}: {found.offered} offered, {found.answered} answered, {found.abandoned} given up,"
            f" {found.left} left, {found.waiting} waiting"
        )


def invented(begin: datetime, length: timedelta, calls: int, queue: str, seed: int) -> list[Event]:
    """The events of so many calls that begin within `length`, in the order of time, until all have ended."""
    exchange, callers = (
        Exchange(simulated.NAME, simulated.run_name(now()), seed),
        Callers(seed),
    )
    exchange.seated(simulated.seats(), begin)
    for _each in range(calls):
        kind = callers.chance.choice([kind for kind in KINDS if kind != "burst"])
        after = length * callers.chance.random()
        exchange.place(begin + after, callers.one(kind, queue))
    return exchange.step(begin + length + TAIL)


def hand_in(events: Iterable[Event], at_once: int) -> float:
    """Hand these in, so many at a time; gives the seconds that it took."""
    waiting, began = list(events), time.monotonic()
    while waiting:
        part, waiting = waiting[:at_once], waiting[at_once:]
        taking_in.take(read_events(part))
    return time.monotonic() - began


@phone.command("line")
@click.argument("email")
@click.argument("extension", default="")
@with_appcontext
def line(email: str, extension: str) -> None:
    """Give an agent a telephone by its extension; without one, take it away."""
    agent = accounts.by_email(email)
    if agent is None:
        raise NotFound("There is nobody with the mail address %(email)s.", email=email)
    terms.set_up(agent, extension, terms.held(agent).queues if extension else (), by=SYSTEM)
    click.echo(f"{agent.email}: {extension or 'no telephone'}")


@phone.command("codes")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@with_appcontext
def codes(file: TextIO) -> None:
    """The tree of codes by which calls are written up, from a CSV file; it replaces the one before."""
    count = code_tree.plant(list(csv.DictReader(file)), by=SYSTEM)
    click.echo(f"{count} codes.")


@phone.command("use-codes")
@click.argument("queue")
@click.argument("root", default="")
@with_appcontext
def use_codes(queue: str, root: str) -> None:
    """Give a queue a part of the tree, by its uppermost code; without one, all of it."""
    terms.use_codes(queue, root, SYSTEM)
    click.echo(f"{queue}: {root or 'all codes'}")
