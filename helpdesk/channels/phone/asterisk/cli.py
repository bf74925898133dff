"""flask phone connect: the process that speaks with the telephone system."""

from __future__ import annotations

import logging

import click
from flask.cli import AppGroup, with_appcontext

from helpdesk.channels.phone.asterisk.connector import Connector
from helpdesk.core import background, dbclock
from helpdesk.core.db import db
from helpdesk.settings import settings

phone = AppGroup("phone", help="The telephone.")


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
    click.echo(f"Connecting to {known.host}:{known.port}. Ctrl-C ends it.")
    Connector(app, known, stop).run()
