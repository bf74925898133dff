"""Is it set up well?"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.agents import tokens
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core import background, jobs
from helpdesk.core.db import db
from helpdesk.ops.doctor.finding import Finding, found
from helpdesk.tickets.models import Ticket
from helpdesk.web.http import settings


def database() -> Finding:
    """The database answers."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return found("database", "the database answers", [type(error).__name__])
    return found("database", "the database answers", [])


def migrations() -> Finding:
    """The tables are those of this release."""
    config = current_app.extensions["migrate"].migrate.get_config()
    newest = set(ScriptDirectory.from_config(config).get_heads())
    with db.engine.connect() as connection:
        here = set(MigrationContext.configure(connection).get_current_heads())
    promise = "the tables are those of this release (flask db upgrade)"
    return found("schema", promise, sorted(newest ^ here))


def redis() -> Finding:
    """Redis answers, where one is set."""
    client = jobs.redis_client()
    if client is None:
        return found("redis", "none is set, jobs run in this process", [])
    try:
        client.ping()
    except RedisError as error:
        return found("redis", "Redis answers", [type(error).__name__])
    return found("redis", "Redis answers", [])


def instance_folder() -> Finding:
    """Files can be stored."""
    folder = settings().instance
    wrong = [] if os.access(folder, os.W_OK | os.X_OK) else [folder]
    return found("folder", "the instance folder can be written to", wrong)


def secret_key() -> Finding:
    """The key that signs sessions and links is long enough."""
    short = [] if len(settings().secret_key) >= 20 else ["shorter than 20 characters"]
    return found("key", "the secret key is long enough", short)


def timer_process() -> Finding:
    """Somebody rings the alarms: not needed for the data, so only a note."""
    at = background.last_beat("alarms")
    silent = at is None or now() - at > timedelta(seconds=60)
    promise = "a timer process reported within the last minute"
    return found("timers", promise, ["none runs now"] if silent else [], notable=True)


def base_url() -> Finding:
    """Links in mails lead to a secure address: a note, since a trial runs without."""
    plain = [] if settings().secure_cookies else [settings().base_url]
    return found("address", "HELPDESK_BASE_URL begins with https://", plain, notable=True)


def api_tokens() -> Finding:
    """No program stands still soon because its token ends: a note."""
    ending = [f"{row.name} {row.expires_at:%Y-%m-%d}" for row in tokens.ending_soon()]
    return found("tokens", "no API token ends within two weeks", ending, notable=True)


def held_by_nobody() -> Finding:
    """No open case lies with somebody who does not work here any more: a note, a click mends it."""
    gone = select(Ticket.number).join(Agent, Agent.id == Ticket.assignee_id)
    numbers = db.session.scalars(gone.where(Ticket.closed_at.is_(None), ~Agent.active))
    return found("held", "no open case lies with a deactivated colleague", numbers, notable=True)


CHECKS: tuple[Callable[[], Finding], ...] = (
    database,
    migrations,
    redis,
    instance_folder,
    secret_key,
    timer_process,
    base_url,
    api_tokens,
    held_by_nobody,
)
