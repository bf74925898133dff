"""Several processes of one machine, forked from a program that was loaded once: they share its memory."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import click
from flask import Flask
from flask.cli import with_appcontext
from gunicorn.app.wsgiapp import WSGIApplication

from helpdesk.channels.email.fetching import fetcher
from helpdesk.core import background, dbclock, jobs
from helpdesk.core.db import db

log = logging.getLogger(__name__)
GUNICORN = Path(__file__).parents[2] / "gunicorn.conf.py"
COMMANDS = {
    "background": (),
    "worker": (),
    "alarms": (),
    "fetch": ("mail",),
    "serve": ("mail",),
    "connect": ("phone",),
}  # the group of each
ENDS = (signal.SIGTERM, signal.SIGINT)
FIRST_PAGE = "/new"  # what anybody may ask for, with forms, promises and texts
PAUSE = 1.0  # seconds before one that ended is begun again


@click.command("processes")
@click.argument("names", nargs=-1, required=True)
@with_appcontext
def processes(names: tuple[str, ...]) -> None:
    """Run several processes of the scaled-out profile on one machine, forked from one program.

    One that ends is begun again; what follows a hyphen only tells two of a kind apart (worker-2).
    """
    unknown = [name for name in names if _kind(name) not in {"web", *COMMANDS}]
    if unknown:
        known = ", ".join(["web", *COMMANDS])
        raise click.BadParameter(f"{', '.join(unknown)}: it takes {known}; live stands alone.")
    app = background.this_app()
    ready_to_fork(app)
    Together({name: _work(app, _kind(name)) for name in names}).run()


@cache  # a server forked from a program that is ready finds it so
def ready_to_fork(app: Flask) -> None:
    """Have what each process would load, compile and put together with its first page done once, before
    they are forked: memory that nobody writes to any more is shared. What fails here fails there.
    """
    try:
        app.test_client().get(FIRST_PAGE)
    except Exception:
        log.exception("The first page could not be drawn; each process draws its own.")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()  # no two processes may speak on one connection
    gc.collect()
    gc.freeze()  # a collection would write to every page of what is shared


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _work(app: Flask, kind: str) -> Callable[[], object]:
    if kind == "web":
        return _web
    program, *more = (*COMMANDS[kind], kind)
    return lambda: app.cli.commands[program].main(more, program)


def _web() -> None:
    """What the command `gunicorn` does; the program that its workers preload is here already."""
    sys.argv = ["gunicorn", "-c", str(GUNICORN)]
    WSGIApplication("%(prog)s [OPTIONS]", prog="gunicorn").run()


@click.command("background")
@with_appcontext
def background_() -> None:
    """Worker, timers and fetching of mail in one process, as threads: for a machine that does it all."""
    app, stop = background.this_app(), background.stop_on_signals()
    dbclock.follow(app, stop)
    running = background.start(app, stop)
    threading.Thread(target=fetcher.Fetcher(app, stop).run, daemon=True).start()
    click.echo("Doing all that waits. Ctrl-C ends it.")
    jobs.work(app.app_context) if jobs.redis_client() else stop.wait()
    stop.set()
    running.end()


def beside(work: Callable[[], object]) -> None:
    """Do this work in a process of its own, until it or this process ends, whatever ends that."""
    first = os.getpid()
    if os.fork():
        return
    threading.Thread(target=_end_with, args=(first,), daemon=True).start()
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _end_with(first: int) -> None:
    while os.getppid() == first:
        time.sleep(PAUSE)
    os.kill(os.getpid(), signal.SIGTERM)


class Together:
    """Processes that begin and end together. One that ends by itself is begun again."""

    def __init__(self, works: Mapping[str, Callable[[], object]]) -> None:
        self.works = works
        self.running: dict[int, str] = {}
        self.stopping = threading.Event()

    def run(self) -> None:
        """Returns when all have ended, after SIGTERM or Ctrl-C."""
        for number in ENDS:
            signal.signal(number, self._stop)
        for name in self.works:
            self._begin(name)
        while self.running:
            pid, status = os.wait()
            name = self.running.pop(pid)
            if not self.stopping.is_set():
                code = os.waitstatus_to_exitcode(status)
                log.error("The process %s ended with %d; it is begun again.", name, code)
                self.stopping.wait(PAUSE)
                self._begin(name)

    def _begin(self, name: str) -> None:
        """None of them is begun once they were told to end, and none is missed by that word."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        pid = 0 if self.stopping.is_set() else os.fork()
        if pid:
            self.running[pid] = name
        elif not self.stopping.is_set():
            self._work(name)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)

    def _work(self, name: str) -> None:
        """What the new process does until its end."""
        for number in ENDS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        code = 1
        try:
            self.works[name]()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else code
        except BaseException:
            log.exception("The process %s failed.", name)
        finally:
            os._exit(code)

    def _stop(self, *_: object) -> None:
        self.stopping.set()
        for pid in self.running:
            os.kill(pid, signal.SIGTERM)
