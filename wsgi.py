"""The app object for a server; `python wsgi.py` runs everything in one process."""

import gc
import os
import sys
from multiprocessing import get_context
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


def prepare(served: Flask, *arguments: str) -> None:
    """Make the database ready in a child, which has the program already and takes with it what it
    loads and opens besides. Ends this process too when it failed."""
    known = ScriptInfo(create_app=lambda: served)
    command = served.cli.commands["prepare"].main
    child = get_context("fork").Process(
        target=command, args=(arguments, "prepare"), kwargs={"obj": known}, daemon=True
    )
    child.start()
    child.join()
    if child.exitcode:
        sys.exit(child.exitcode)


def serve(arguments: list[str]) -> None:
    """Become the server. `--prepare` makes the database ready first, `--demo` with a full day."""
    os.chdir(CONFIG.parent)
    load_dotenv(CONFIG.with_name(".env"))
    served = made()
    wanted = {"--prepare", "--demo"} & set(arguments)
    options = ["-c", str(CONFIG), *(each for each in arguments if each not in wanted)]
    if wanted:
        prepare(served, *(wanted - {"--prepare"}))
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
