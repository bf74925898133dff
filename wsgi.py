"""The app object for a server; `python wsgi.py` runs everything in one process."""

import gc
import os
import sys
from pathlib import Path

import click
from dotenv import load_dotenv
from flask import Flask
from flask.cli import ScriptInfo

from benchmarks.load.cli import load
from helpdesk import create_app, settings
from helpdesk.cli import seed
from helpdesk.ops import processes

seed.add_command(load)  # a tool beside the program: helpdesk/ itself knows nothing of load tests
TRY_AGAIN = 75  # a mail server would send the mail back for any other exit status
CONFIG = Path(__file__).with_name("gunicorn.conf.py")


def known() -> settings.Settings:
    """The settings of this environment. Raises ClickException with a sentence for an odd one."""
    load_dotenv(CONFIG.with_name(".env"))
    try:
        return settings.load(os.environ)
    except settings.SettingsError as odd:
        refusal = click.ClickException(f"Helpdesk can't start: {odd}")
        if {"mail", "deliver"} <= set(sys.argv):
            refusal.exit_code = TRY_AGAIN  # type: ignore[misc]  # click reads it of the instance
        raise refusal from odd


SELDOM = (
    20_000  # new objects between two looks for garbage: a page makes thousands, and none that stays
)


def made() -> Flask:
    """The app of this environment."""
    given = known()
    gc.disable()  # what is loaded stays: looking for garbage in it was a fifth of the start
    try:
        return create_app(given)
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(SELDOM)


def serve(arguments: list[str]) -> None:
    """Become the server. `--prepare` makes the database ready first, `--demo` with a full day.

    The server begins anew without the program, because only its workers need it (a second copy takes
    20 MB), and in those of live pages gevent must be there before it.
    """
    os.chdir(CONFIG.parent)
    if "--demo" in arguments:
        load_dotenv(CONFIG.with_name(".env"))
        os.environ.setdefault("HELPDESK_PHONE_KIND", settings.SIMULATED)  # a line to try it with
    given = known()
    wanted = {"--prepare", "--demo"} & set(arguments)
    phone = given.phone and given.role == "all"
    ready = made() if wanted or phone else None
    if ready and wanted:
        command(ready, ["prepare", *(wanted - {"--prepare"})], ends=False)
    if ready and phone:
        processes.beside(lambda: command(ready, ["processes", "connect"]))
    options = ["-c", str(CONFIG), *(each for each in arguments if each not in wanted)]
    program = [sys.executable, "-m", "gunicorn", *options]
    os.execv(sys.executable, program)  # noqa: S606  (our own interpreter, our own arguments)


def command(ready: Flask, arguments: list[str], *, ends: bool = True) -> None:
    """Run a flask command in this process, which `ends` with it. The command `flask` itself loads what
    only migrations need."""
    context = ScriptInfo(create_app=lambda: ready)
    ready.cli.main(arguments, "flask", standalone_mode=ends, obj=context)


if __name__ == "__main__":
    try:
        serve(sys.argv[1:])
    except click.ClickException as refusal:
        sys.exit(refusal.message)
    except KeyboardInterrupt:
        sys.exit(130)
else:
    app = made()
