"""The app object for a server; `python wsgi.py` runs everything in one process."""

import gc
import os
import sys
from pathlib import Path

import click
from dotenv import load_dotenv
from flask import Flask
from flask.cli import ScriptInfo
from gunicorn.app.wsgiapp import WSGIApplication

from helpdesk import create_app, settings

CONFIG = Path(__file__).with_name("gunicorn.conf.py")


class Served(WSGIApplication):
    """gunicorn around an app that is loaded already: its workers begin with it."""

    def __init__(self, served: Flask) -> None:
        self.served = served
        super().__init__("%(prog)s [--prepare] [--demo] [gunicorn's OPTIONS]")

    def load(self) -> Flask:
        return self.served


def made() -> Flask:
    """The app of this environment. Raises ClickException with a sentence for an odd setting."""
    gc.disable()  # what is loaded stays: looking for garbage in it was a fifth of the start
    try:
        return create_app()
    except settings.SettingsError as odd:
        raise click.ClickException(f"Helpdesk can't start: {odd}") from odd
    finally:
        gc.freeze()
        gc.enable()


def serve(arguments: list[str]) -> None:
    """Become the server. `--prepare` makes the database ready first, `--demo` with a full day: in
    this process, because loading the program takes longer than both."""
    os.chdir(CONFIG.parent)
    load_dotenv(CONFIG.with_name(".env"))
    served = made()
    wanted = {"--prepare", "--demo"} & set(arguments)
    options = ["-c", str(CONFIG), *(each for each in arguments if each not in wanted)]
    if wanted:
        given = [each for each in wanted if each == "--demo"]
        served.cli.commands["prepare"].main(
            given, "prepare", standalone_mode=False, obj=ScriptInfo(create_app=lambda: served)
        )
        with served.app_context():
            served.extensions["sqlalchemy"].engine.dispose()  # no worker shares a connection
    if served.extensions["helpdesk_settings"].role == "live":  # gevent is there before all else
        program = [sys.executable, "-m", "gunicorn", *options]
        os.execv(sys.executable, program)  # noqa: S606  (our own interpreter, our own arguments)
    sys.argv[1:] = options
    Served(served).run()


if __name__ == "__main__":
    try:
        serve(sys.argv[1:])
    except click.ClickException as refusal:
        sys.exit(refusal.message)
    except KeyboardInterrupt:
        sys.exit(130)
else:
    app = made()
