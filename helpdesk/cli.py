"""The flask commands of this part: start-up, seeds, the timer process, the worker.

Each command is a thin door to one function. Other parts bring their own; wiring lists them all.
"""

from __future__ import annotations

import sys
import threading

import click
from flask.cli import with_appcontext

from helpdesk.agents import accounts, start_key
from helpdesk.agents.cli import Commands
from helpdesk.core import alarms, background, dbclock, heartbeats, jobs, migrating, outbox
from helpdesk.core.background import this_app
from helpdesk.core.db import db
from helpdesk.ops import manual
from helpdesk.seeds.defaults import seed_defaults
from helpdesk.seeds.demo import seed_demo, sign_ins
from helpdesk.setup.calendars import years
from helpdesk.tickets.models import Ticket

seed = Commands("seed", help="Fill the database: defaults, demo.")


@click.command()
@click.option("--demo", is_flag=True, help="Load the demo, if there are no tickets yet.")
@with_appcontext
def prepare(demo: bool) -> None:
    """Make the database ready: migrations and defaults. Running it again changes nothing."""
    migrating.upgrade()
    seed_defaults()
    years.plan()
    if demo:
        _demo_once()
    if accounts.has_admin():
        start_key.drop()
    else:
        click.echo(start_key.told())


@click.command("first-start-key")
@with_appcontext
def first_start_key() -> None:
    """Show where the first administrator is made, and the key that the page asks for."""
    if accounts.has_admin():
        raise click.ClickException("There is an administrator already.")
    click.echo(start_key.told())


def _demo_once() -> None:
    if db.session.scalar(db.select(Ticket.id).limit(1)):
        click.echo("There are tickets already, so the demo was not loaded.")
        _show([row for row in sign_ins() if accounts.by_email(row[0])])
        return
    click.echo("Loading the demo ...")
    _demo()


@seed.command("defaults")
def seed_defaults_() -> None:
    """Calendars, promises, chains and categories, where there are none yet."""
    seed_defaults()
    years.plan()
    click.echo("The defaults are there.")


@seed.command("demo")
def seed_demo_() -> None:
    """A believable day in both languages, in an empty database; prints the sign-ins."""
    _demo()


def _demo() -> None:
    _show(seed_demo(progress=_dot if sys.stderr.isatty() else None))


def _dot(_happening: str) -> None:
    click.echo(".", nl=False, err=True)


def _show(sign_ins: list[tuple[str, str, str]]) -> None:
    click.echo("Sign in as one of these:")
    for email, role, password in sign_ins:
        click.echo(f"  {role:<11} {email:<38} {password}")


@click.command("alarms")
@click.option("--once", is_flag=True, help="Ring and deliver what is due now, then end.")
@with_appcontext
def alarms_(once: bool) -> None:
    """The timer process: rings what is due and sweeps the outbox. Run as many as you like."""
    if once:
        dbclock.follow_once(this_app())
        rung = alarms.ring_all()
        heartbeats.beat("alarms")
        click.echo(f"{rung} alarms rung, {outbox.deliver_due()} deliveries tried.")
        return
    stop = background.stop_on_signals()
    dbclock.follow(this_app(), stop)
    running = background.start(this_app(), stop)
    click.echo("Ringing alarms and sweeping the outbox. Ctrl-C ends it.")
    stop.wait()
    running.end()


@click.command()
@with_appcontext
def worker() -> None:
    """Work off the Redis queue until told to stop; the program stays loaded."""
    dbclock.follow(this_app(), threading.Event())
    try:
        jobs.work(this_app().app_context)
    except RuntimeError as error:
        raise click.ClickException(str(error)) from error


@click.command("lifecycle")
def lifecycle_() -> None:
    """Print the tables of moves of tickets and notices as Markdown."""
    click.echo(manual.as_markdown())


COMMANDS: tuple[click.Command, ...] = (prepare, first_start_key, seed, alarms_, worker, lifecycle_)
