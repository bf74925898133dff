"""Is it set up well?"""

from __future__ import annotations

import os
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.agents import tokens
from helpdesk.agents.models import Agent
from helpdesk.clock import now
from helpdesk.core import heartbeats, jobs, migrating
from helpdesk.core.db import db
from helpdesk.ops.doctor.finding import Broken, check
from helpdesk.settings import settings
from helpdesk.tickets.models import Ticket


@check("database", "the database answers")
def database() -> Broken:
    """The database answers."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return [type(error).__name__]
    return []


@check("schema", "the tables are those of this release (flask db upgrade)")
def migrations() -> Broken:
    """The tables are those of this release."""
    return sorted(set(migrating.newest()) ^ set(migrating.here()))


@check("redis", "Redis answers, where one is set")
def redis() -> Broken:
    """Redis answers, where one is set; without one jobs run in this process."""
    client = jobs.redis_client()
    try:
        if client is not None:
            client.ping()
    except jobs.redis_error() as error:
        return [type(error).__name__]
    return []


@check("folder", "the instance folder can be written to")
def instance_folder() -> Broken:
    """Files can be stored."""
    folder = settings().instance
    return [] if os.access(folder, os.W_OK | os.X_OK) else [folder]


@check("key", "the secret key is long enough")
def secret_key() -> Broken:
    """The key that signs sessions and links is long enough."""
    return [] if len(settings().secret_key) >= 20 else ["shorter than 20 characters"]


@check("timers", "a timer process reported within the last minute", notable=True)
def timer_process() -> Broken:
    """Somebody rings the alarms: not needed for the data, so only a note."""
    at = heartbeats.last_beat("alarms")
    silent = at is None or now() - at > timedelta(seconds=60)
    return ["none runs now"] if silent else []


@check("address", "HELPDESK_BASE_URL begins with https://", notable=True)
def base_url() -> Broken:
    """Links in mails lead to a secure address: a note, since a trial runs without."""
    return [] if settings().secure_cookies else [settings().base_url]


@check("tokens", "no API token ends within two weeks", notable=True)
def api_tokens() -> Broken:
    """No program stands still soon because its token ends: a note."""
    return [f"{row.name} {row.expires_at:%Y-%m-%d}" for row in tokens.ending_soon()]


@check("held", "no open case lies with a deactivated colleague", notable=True)
def held_by_nobody() -> Broken:
    """No open case lies with somebody who does not work here any more: a note, a click mends it."""
    gone = select(Ticket.number).join(Agent, Agent.id == Ticket.assignee_id)
    return gone.where(Ticket.closed_at.is_(None), ~Agent.active)
