"""wired(): puts all parts together, decides nothing."""

from __future__ import annotations

import os

from dotenv import load_dotenv
from flask import Flask
from sqlalchemy.orm import configure_mappers

from helpdesk import files, realtime, settings, wiring
from helpdesk.core import events, i18n, jobs, migrating
from helpdesk.core.db import db, engine_options
from helpdesk.web import drafts, http, statics


def wired(given: settings.Settings | None = None) -> Flask:
    """The app for these settings, or for the environment's (and .env) when none are given."""
    if given is None:
        load_dotenv()
        given = settings.load(os.environ)
    app = Flask(__package__, static_folder=None, template_folder="templates")
    app.extensions["helpdesk_settings"] = given
    app.config.update(_config(given))
    i18n.compile_catalogues()
    db.init_app(app)
    migrating.init(app)
    jobs.connect(given.redis_url)
    http.init(app, given)
    drafts.init(app)
    files.init(app)
    statics.init(app)
    wiring.register(app)
    configure_mappers()  # all are there: a relation that leads nowhere is told now
    if given.role != "web":
        realtime.init(app, "gevent" if given.role == "live" else "threading")
    else:
        events.on_commit(realtime.tell)
    return app


def _config(given: settings.Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": given.secret_key,
        "SQLALCHEMY_DATABASE_URI": given.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(given.database_url),
        "SESSION_COOKIE_NAME": "__Host-helpdesk" if given.secure_cookies else "helpdesk",
        "SESSION_COOKIE_SECURE": given.secure_cookies,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 12 * 3600,
        "MAX_CONTENT_LENGTH": given.max_file_bytes * given.max_files + 2**20,
        "CONNECTIONS_EACH": 0 if given.behind_proxies else given.connections_each,
        "MAX_FORM_MEMORY_SIZE": 2 * 2**20,
        "WTF_CSRF_TIME_LIMIT": None,
        "BABEL_DEFAULT_LOCALE": given.language,
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
    }
