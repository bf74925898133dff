"""flask mail: parse one mail, or take one from an MTA's pipe."""

from __future__ import annotations

import json
import logging
import sys
from importlib import import_module
from typing import BinaryIO

import click
from flask.cli import AppGroup, with_appcontext

from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.deciding.rereading import differences
from helpdesk.channels.email.fetching.fetcher import Fetcher, fetch_all_once, work_loop
from helpdesk.channels.email.reading.parser import Unreadable, parse
from helpdesk.core import background

log = logging.getLogger(__name__)
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and comes back
mail = AppGroup("mail", help="The e-mail channel.")


@mail.command("parse")
@click.argument("file", type=click.File("rb"), default="-")
def parse_(file: BinaryIO) -> None:
    """Raw mail, in FILE or on standard input -> one JSON object on standard output."""
    try:
        found = parse(file.read())
    except Unreadable as error:
        raise click.ClickException(str(error)) from None
    click.echo(json.dumps(found.as_json(), ensure_ascii=False))


@mail.command("reparse")
@click.option("--dry-run", is_flag=True, help="Needed: changes are made on the mail's own page.")
@click.option("--after", default=0, help="Begin behind the mail with this number.")
@with_appcontext
def reparse(dry_run: bool, after: int) -> None:
    """List the stored mails that today's reading would change, and in what."""
    if not dry_run:
        raise click.UsageError("Say --dry-run; to change one, open its page: Mail, Read again.")
    count = 0
    for found in differences(after):
        count += 1
        parts = ", ".join(change.part for change in found.changes)
        click.echo(f"/mail/{found.row.id}/reading  {parts}")
    click.echo(f"{count} mails would change.")


@mail.command("deliver")
@click.option("--mailbox", default="support", help="Which of your mailboxes it came to.")
@with_appcontext
def deliver_(mailbox: str) -> None:
    """Raw mail on standard input, from a pipe: exit 0 = stored for ever, 75 = try again later."""
    raw = sys.stdin.buffer.read()
    try:
        row = deliver(raw, mailbox)
    except Exception as error:
        log.error("The mail could not be stored: %s", error)
        sys.exit(TRY_AGAIN)
    click.echo(f"{row.outcome} {row.reason}".strip())


@mail.command("fetch")
@click.option("--once", is_flag=True, help="Fetch every mailbox once, then end.")
@with_appcontext
def fetch(once: bool) -> None:
    """Fetch mail from all active mailboxes (IMAP, POP3); run as many of these as you like."""
    if once:
        done = fetch_all_once()
        for name, found in done.items():
            click.echo(f"{name}: {found}" + (" taken" if isinstance(found, int) else ""))
        if any(isinstance(found, str) for found in done.values()):
            sys.exit(1)
        return
    app, stop = background.this_app(), background.stop_on_signals()
    click.echo("Fetching mail. Ctrl-C ends it.")
    working = background.run(app, stop, work_loop())
    Fetcher(app, stop).run()
    working.end(10)


@mail.command("serve")
@click.option("--host", default="127.0.0.1", help="Loopback unless you know who can reach it.")
@click.option("--port", default=2525, type=click.IntRange(0, 65535))
@with_appcontext
def serve(host: str, port: int) -> None:
    """Take mail by SMTP or LMTP on one port: 250 only when it is stored, 451 when it can't be."""
    app, stop = background.this_app(), background.stop_on_signals()
    working = background.run(app, stop, work_loop())
    serving = import_module("helpdesk.channels.email.fetching.serving")  # alone in need of asyncio
    with serving.receiving(app, host, port) as where:
        click.echo(f"Taking mail at {where[0]}:{where[1]} (SMTP and LMTP). Ctrl-C ends it.")
        stop.wait()
    working.end(10)
