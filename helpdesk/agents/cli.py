"""`flask users` and `flask tokens`: colleagues and programs, from the command line."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any

import click
from flask.cli import AppGroup

from helpdesk.agents import accounts, departments, invitations, people, tokens
from helpdesk.agents.models import Agent
from helpdesk.agents.people import ColleagueText
from helpdesk.agents.rights import STAFF, SYSTEM
from helpdesk.agents.scopes import CALLS_A_MINUTE, SCOPE_NAMES, Bounds, read_scopes
from helpdesk.core.db import transaction
from helpdesk.core.errors import HelpdeskError, NotFound
from helpdesk.settings import settings

ROLES = click.Choice([str(role) for role in STAFF])


class Commands(AppGroup):
    """Commands whose refusals are told in the terminal, each field's sentence on its own line."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except HelpdeskError as error:
            fields = [f"  {name}: {text}" for name, text in error.errors.items()]
            raise click.ClickException("\n".join([str(error), *fields])) from error


users = Commands("users", help="Colleagues who sign in.")
tokens_ = Commands("tokens", help="API tokens of programs.")


@users.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", type=ROLES, required=True)
@click.option("--department", "code", default="", help="The department's code; handlers need one.")
@click.option("--language", type=click.Choice(["zh_Hans", "en"]), default=None)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(
    email: str, name: str, role: str, code: str, language: str | None, password_stdin: bool
) -> None:
    """Add a colleague. Without a password, a link to set one is printed."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
    given = ColleagueText(
        email, name, role, _department(code), language=language or settings().language
    )
    agent, secret = _add(given, password, password_stdin)
    click.echo(f"{agent.email} is {agent.role} now.")
    if secret:
        link = f"{settings().base_url}/invitation/{secret}"
        click.echo(f"Set a password within 48 hours: {link}")


def _add(given: ColleagueText, password: str, with_password: bool) -> tuple[Agent, str]:
    """The colleague, and the secret of the invitation when no password was given."""
    with transaction():
        agent = people.add(given, SYSTEM)
        if with_password:
            accounts.set_password(agent, password)
        return agent, "" if with_password else invitations.invite(agent, SYSTEM)


def _department(code: str) -> int | None:
    return departments.found(code).id if code else None


@users.command("deactivate")
@click.argument("email")
@click.option("--to", "heir", default="", help="Who takes over; else all goes back to its queue.")
def deactivate(email: str, heir: str) -> None:
    """End a colleague's work here; what they hold is handed on."""
    agent, taker = _by_email(email), _by_email(heir) if heir else None
    held = people.held(agent)
    people.set_active(agent, False, SYSTEM, taker.id if taker else None)
    click.echo(f"{agent.email} is deactivated.")
    for label, count in held:
        click.echo(f"{count} {label}: {taker.email if taker else 'back to the queues'}")


def _by_email(email: str) -> Agent:
    agent = accounts.by_email(email)
    if agent is None:
        raise NotFound("There is nobody with the mail address %(email)s.", email=email)
    return agent


@tokens_.command("add")
@click.argument("name")
@click.option("--role", type=ROLES, required=True)
@click.option("--department", "code", default="", help="The department's code; handlers need one.")
@click.option("--scope", "scopes", multiple=True, help=f"Only this: {', '.join(SCOPE_NAMES)}.")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Its last day, 2027-12-31.")
@click.option("--rate", type=int, default=CALLS_A_MINUTE, show_default=True, help="Calls a minute.")
def add_token(
    name: str, role: str, code: str, scopes: tuple[str, ...], expires: datetime | None, rate: int
) -> None:
    """Make a token and print it, once: only its SHA-256 is kept."""
    bounds = Bounds(read_scopes(scopes), expires.date() if expires else None, rate)
    _row, text = tokens.add(name, role, SYSTEM, _department(code), bounds)
    click.echo(text)


COMMANDS: tuple[click.Command, ...] = (users, tokens_)
