"""The one list of parts: blueprints, durable subscribers, alarms, commands.

What is only imported here registers its subscribers, alarms and pages by being loaded.
"""

from __future__ import annotations

import threading

from flask import Flask

import helpdesk.api.call_advice
import helpdesk.api.calls
import helpdesk.api.document
import helpdesk.api.kb
import helpdesk.api.meta
import helpdesk.api.notices
import helpdesk.api.statistics
import helpdesk.api.tickets
import helpdesk.calls.admin_pages
import helpdesk.calls.blocked_pages
import helpdesk.calls.calling_back
import helpdesk.desk.nav
import helpdesk.desk.timers
import helpdesk.kb.actions
import helpdesk.notices.actions
import helpdesk.notices.handing_on
import helpdesk.notify.colleagues
import helpdesk.notify.concerned
import helpdesk.notify.customers
import helpdesk.notify.escalations
import helpdesk.notify.mail.medium
import helpdesk.notify.notices
import helpdesk.ops.copying
import helpdesk.promises.escalation
import helpdesk.promises.recompute
import helpdesk.setup.calendars.edits
import helpdesk.setup.calendars.pages
import helpdesk.setup.calendars.years
import helpdesk.setup.categories.pages
import helpdesk.setup.options.pages
import helpdesk.setup.promises.chain_pages
import helpdesk.setup.promises.pages
import helpdesk.setup.replies.pages
import helpdesk.setup.rules.pages
import helpdesk.simulator.pages
import helpdesk.tickets.foretold
import helpdesk.tickets.handing_on
import helpdesk.tickets.queue
from helpdesk import cli, realtime
from helpdesk import files as stored
from helpdesk.agents import admin_pages, duty_pages, second_factor_pages
from helpdesk.agents import cli as agents_cli
from helpdesk.agents import pages as agents
from helpdesk.api import operations as api
from helpdesk.calls import pages as calls
from helpdesk.calls.staffing import pages as staffing
from helpdesk.channels.email import cli as mail_cli
from helpdesk.channels.email.boxes import pages as mailbox_pages
from helpdesk.channels.email.deciding import pages as mail_views
from helpdesk.channels.email.fetching import fetcher
from helpdesk.channels.form import link_pages, tracking_pages
from helpdesk.channels.form import pages as web_form
from helpdesk.channels.phone import cli as phone_cli
from helpdesk.channels.phone import pages as phone_desk
from helpdesk.channels.phone import webhooks
from helpdesk.channels.phone.simulated import pages as phone_line
from helpdesk.core import background, dbclock
from helpdesk.desk import signs, stuck
from helpdesk.desk.pages import (
    bulk,
    calling,
    customers,
    moves,
    phone,
    printing,
    queue,
    ticket,
    ticket_lists,
)
from helpdesk.kb import category_pages, public_pages
from helpdesk.kb import desk_pages as kb_desk
from helpdesk.notices import pages as notice_pages
from helpdesk.ops import health, processes
from helpdesk.ops.backup import cli as backup_cli
from helpdesk.ops.doctor import cli as doctor_cli
from helpdesk.settings import settings_of
from helpdesk.setup import blueprint as setup
from helpdesk.statistics import pages as statistics

# One part per line, so that two new parts don't meet in one line.
BLUEPRINTS: tuple[object, ...] = (
    admin_pages.blueprint,
    agents.blueprint,
    stuck.blueprint,
    calls.blueprint,
    staffing.blueprint,
    duty_pages.blueprint,
    second_factor_pages.blueprint,
    bulk.blueprint,
    calling.blueprint,
    customers.blueprint,
    ticket_lists.blueprint,
    moves.blueprint,
    phone.blueprint,
    phone_desk.blueprint,
    phone_line.blueprint,
    queue.blueprint,
    ticket.blueprint,
    notice_pages.blueprint,
    printing.blueprint,
    api.blueprint,
    health.blueprint,
    public_pages.blueprint,
    kb_desk.blueprint,
    category_pages.blueprint,
    setup.blueprint,
    statistics.blueprint,
    web_form.blueprint,
    link_pages.confirming,
    tracking_pages.blueprint,
    link_pages.unsubscribing,
    mail_views.blueprint,
    mailbox_pages.blueprint,
    webhooks.blueprint,
)
COMMANDS = (
    *agents_cli.COMMANDS,
    *backup_cli.COMMANDS,
    *cli.COMMANDS,
    *doctor_cli.COMMANDS,
    processes.background_,
    processes.processes,
    mail_cli.mail,
    phone_cli.phone,
)


background.forgetting(stored.sweep)
background.forgetting(stored.clear_unfinished)


def register(app: Flask) -> None:
    """Mount every blueprint and command."""
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)  # type: ignore[arg-type]
    app.jinja_env.globals["signs"] = signs
    for command in COMMANDS:
        app.cli.add_command(command)


def begin(app: Flask, stop: threading.Event, pages: int) -> background.Running:
    """Start the loops of a process that serves: all of them, or only the feed of live pages.

    `pages` is how many open ones this server bears.
    """
    realtime.door.most = pages
    dbclock.follow(app, stop)
    role = settings_of(app).role
    if role != "web":
        realtime.start_tail(app, stop)
    if role == "all":
        threading.Thread(target=fetcher.Fetcher(app, stop).run, daemon=True).start()
        return background.start(app, stop)
    return background.Running(stop, [])
