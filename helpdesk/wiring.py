"""The one list of parts: blueprints, durable subscribers, alarms, commands.

Importing a module here is what registers its subscribers and alarms.
"""

from __future__ import annotations

import threading

from flask import Flask

from helpdesk import cli, realtime
from helpdesk import files as stored
from helpdesk.agents import admin_pages, duty_pages, second_factor_pages
from helpdesk.agents import cli as agents_cli
from helpdesk.agents import pages as agents
from helpdesk.api import document, meta
from helpdesk.api import kb as api_kb
from helpdesk.api import notices as api_notices
from helpdesk.api import operations as api
from helpdesk.api import statistics as api_statistics
from helpdesk.api import tickets as api_tickets
from helpdesk.channels.email import cli as mail_cli
from helpdesk.channels.email.boxes import pages as mailbox_pages
from helpdesk.channels.email.deciding import pages as mail_views
from helpdesk.channels.email.fetching import fetcher
from helpdesk.channels.form import link_pages, tracking_pages
from helpdesk.channels.form import pages as web_form
from helpdesk.core import background, dbclock
from helpdesk.desk import blueprints, nav, signs, stuck, timers
from helpdesk.desk.pages import printing
from helpdesk.kb import actions as articles
from helpdesk.kb import category_pages, public_pages
from helpdesk.kb import desk_pages as kb_desk
from helpdesk.notices import actions as notice_actions
from helpdesk.notices import handing_on as notice_handing_on
from helpdesk.notices import pages as notice_pages
from helpdesk.notify import colleagues, concerned, customers, escalations
from helpdesk.notify import notices as notice_mails
from helpdesk.notify.mail import medium as mail_medium
from helpdesk.ops import health
from helpdesk.ops.backup import cli as backup_cli
from helpdesk.ops.doctor import cli as doctor_cli
from helpdesk.promises import escalation, recompute
from helpdesk.settings import settings_of
from helpdesk.setup import blueprint as setup
from helpdesk.setup.calendars import edits, years
from helpdesk.setup.calendars import pages as calendars
from helpdesk.setup.categories import pages as categories
from helpdesk.setup.options import pages as options
from helpdesk.setup.promises import chain_pages
from helpdesk.setup.promises import pages as policy
from helpdesk.setup.replies import pages as replies
from helpdesk.setup.rules import pages as rules
from helpdesk.simulator import pages as simulator
from helpdesk.statistics import pages as statistics
from helpdesk.tickets import handing_on, policy_reach, queue

# One part per line, so that two new parts don't meet in one line.
LISTENERS = (
    api_kb,
    api_notices,
    api_statistics,
    api_tickets,
    articles,
    years,
    calendars,
    edits,
    categories,
    options,
    chain_pages,
    policy,
    replies,
    rules,
    document,
    colleagues,
    concerned,
    customers,
    escalation,
    escalations,
    handing_on,
    mail_medium,
    meta,
    notice_mails,
    notice_actions,
    notice_handing_on,
    policy_reach,
    queue,
    recompute,
    nav,
    simulator,
    timers,
)
BLUEPRINTS: tuple[object, ...] = (
    admin_pages.blueprint,
    agents.blueprint,
    stuck.blueprint,
    duty_pages.blueprint,
    second_factor_pages.blueprint,
    *blueprints.BLUEPRINTS,
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
)
COMMANDS = (
    *agents_cli.COMMANDS,
    *backup_cli.COMMANDS,
    *cli.COMMANDS,
    *doctor_cli.COMMANDS,
    mail_cli.mail,
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
