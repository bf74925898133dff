"""Processes of the app that are killed and come back: forked from one that has loaded it all.

The forking process has no connection of any kind: a child never shares a socket or a lock.
"""

from __future__ import annotations

import ctypes
import gc
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from flask import Flask

from helpdesk.clock import moment
from helpdesk.core import background, jobs
from helpdesk.core.db import db

Role = Callable[[Flask], None]
PAUSE = 0.02
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)


def timers(app: Flask) -> None:
    """What `flask alarms` does, until it is killed."""
    background.start(app, threading.Event())
    threading.Event().wait()


def worker(app: Flask) -> None:
    """What `flask worker` does, until it is killed."""
    jobs.work(app.app_context)


def skewed(seconds: float) -> Role:
    """A timer process whose machine's clock is wrong by so many seconds."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime.now(tz) + timedelta(seconds=seconds)

    def role(app: Flask) -> None:
        moment.datetime = Wrong  # type: ignore[misc]
        timers(app)

    return role


@dataclass
class Nursery:
    """The forking process, and how many of its children were killed."""

    pid: int
    kills: int = 0

    def children(self) -> list[int]:
        """The processes that are alive now."""
        with suppress(OSError):
            return list(
                map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())
            )
        return []

    def kill_one(self) -> None:
        """kill -9 one of them."""
        living = self.children()
        if living:
            with suppress(ProcessLookupError):
                os.kill(random.choice(living), signal.SIGKILL)
                self.kills += 1


@contextmanager
def nursery(app: Flask, *roles: Role) -> Iterator[Nursery]:
    """One process for each role, always; all are gone after the block."""
    db.session.remove()
    db.engine.dispose()
    gc.collect()
    pid = os.fork()
    if not pid:
        _look_after(app, list(roles))
    found = Nursery(pid)
    try:
        yield found
    finally:
        os.kill(pid, signal.SIGSTOP)  # no further child, once it stands still
        os.waitpid(pid, os.WUNTRACED)
        for each in found.children():
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _look_after(app: Flask, roles: list[Role]) -> None:
    """Fork the roles, and again whichever is gone; never returns."""
    parent, living = os.getppid(), dict[int, Role]()
    try:
        while os.getppid() == parent:
            for role in roles:
                if role not in living.values():
                    living[_forked(app, role)] = role
            gone, _ = os.waitpid(-1, os.WNOHANG)
            living.pop(gone, None)
            time.sleep(PAUSE)
    finally:
        for pid in living:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _forked(app: Flask, role: Role) -> int:
    parent, pid = os.getpid(), os.fork()
    if not pid:
        try:
            _die_with(parent)
            random.seed()
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            role(app)
        finally:
            os._exit(1)
    return pid


def _die_with(parent: int) -> None:
    """No child outlives the forking process: it would go on ringing in whatever runs next."""
    ctypes.CDLL(None, use_errno=True).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:  # it died before it could be asked
        os._exit(1)


@contextmanager
def killing(family: Nursery, every: float, most: int) -> Iterator[None]:
    """Inside, one of the family is killed every so many seconds, until that many are gone."""
    stop = threading.Event()

    def work() -> None:
        while family.kills < most and not stop.wait(every):
            family.kill_one()

    killer = threading.Thread(target=work)
    killer.start()
    try:
        yield
    finally:
        stop.set()
        killer.join()
