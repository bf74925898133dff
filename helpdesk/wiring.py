"""The one list of parts: blueprints, durable subscribers, alarms, commands.

Importing a module here is what registers its subscribers and alarms.
"""

from __future__ import annotations

import threading

from flask import Flask

from helpdesk import background, cli, dbclock, health, realtime, web
from helpdesk.agents import admin, board, duty_pages, second_factor_views
from helpdesk.agents import cli as agents_cli
from helpdesk.agents import views as agents
from helpdesk.api import document, meta
from helpdesk.api import kb as api_kb
from helpdesk.api import notices as api_notices
from helpdesk.api import operations as api
from helpdesk.api import statistics as api_statistics
from helpdesk.api import tickets as api_tickets
from helpdesk.backup import cli as backup_cli
from helpdesk.channels import web as web_form
from helpdesk.channels import web_confirm, web_files, web_tracking, web_unsubscribe
from helpdesk.channels.email import cli as mail_cli
from helpdesk.channels.email import (
    consent_views,
    fetcher,
    rereading_views,
    sent_views,
)
from helpdesk.channels.email import views as mail_views
from helpdesk.doctor import cli as doctor_cli
from helpdesk.kb import actions as articles
from helpdesk.kb import category_views, public_views
from helpdesk.kb import views as kb_desk
from helpdesk.notify import colleagues, concerned, customers, escalations
from helpdesk.notify import notices as notice_mails
from helpdesk.notify.mail import medium as mail_medium
from helpdesk.statistics import views as statistics
from helpdesk.tickets import (
    escalation,
    handing_on,
    notices,
    pages,
    queue,
    recompute,
    setup_pages,
    signs,
    timers,
    views_callbacks,
    views_notices,
    views_printing,
)
from helpdesk.tickets.administration import calendar_years

# One part per line, so that two new parts don't meet in one line.
LISTENERS = (
    api_kb,
    api_notices,
    api_statistics,
    api_tickets,
    articles,
    calendar_years,
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
    notices,
    queue,
    recompute,
    timers,
)
BLUEPRINTS: tuple[object, ...] = (
    admin.blueprint,
    agents.blueprint,
    board.blueprint,
    duty_pages.blueprint,
    second_factor_views.blueprint,
    *pages.BLUEPRINTS,
    views_notices.pages,
    views_printing.pages,
    api.bp,
    health.blueprint,
    public_views.blueprint,
    kb_desk.blueprint,
    category_views.blueprint,
    setup_pages.blueprint,
    statistics.pages,
    web_form.bp,
    web_confirm.bp,
    web_files.bp,
    web_tracking.bp,
    web_unsubscribe.bp,
    mail_views.bp,
    sent_views.bp,
    rereading_views.bp,
    consent_views.bp,
    views_callbacks.bp,
)
COMMANDS = (
    *agents_cli.COMMANDS,
    *backup_cli.COMMANDS,
    *cli.COMMANDS,
    *doctor_cli.COMMANDS,
    mail_cli.mail,
)


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
    role = web.settings_of(app).role
    if role != "web":
        realtime.start_tail(app, stop)
    if role == "all":
        threading.Thread(target=fetcher.Fetcher(app, stop).run, daemon=True).start()
        return background.start(app, stop)
    return background.Running(stop, [])
