"""The long-lived fetcher: a thread for each mailbox that waits for news (IDLE) or looks every minute."""

from __future__ import annotations

import logging
import threading
from contextlib import closing, suppress

from flask import Flask
from sqlalchemy import select

from helpdesk.channels.email.deciding.inbound import process_stored
from helpdesk.channels.email.fetching import rounds
from helpdesk.channels.email.fetching.pop3 import Pop3Door
from helpdesk.core import background, heartbeats, jobs
from helpdesk.core.db import db
from helpdesk.notify.mail.mailboxes import Mailbox

log = logging.getLogger(__name__)
LOOK = 60.0  # seconds between two looks; with IDLE news come at once, and a dead line shows
MAILBOXES = 10.0  # seconds between two looks at the list of mailboxes
PAUSES = (5, 15, 60, 120, 300)  # seconds after a failure, and after the next ones


def fetch_all_once() -> dict[str, int | str]:
    """Fetch every active mailbox once, then work on what came: name -> taken, or what went wrong."""
    done: dict[str, int | str] = {}
    for box in _active():
        done[box.name] = _fetch_once(box)
    while process_stored():
        pass
    return done


def _fetch_once(box: Mailbox) -> int | str:
    me = _me()
    if not rounds.leased(box.id, me):
        return "another fetcher has it"
    try:
        with closing(rounds.opened(box)) as door:
            return rounds.fetch_round(door, box.id)
    except Exception as error:
        rounds.note_failure(box.id, error)
        return f"{type(error).__name__}: {error}"
    finally:
        rounds.release(box.id, me)


def _active() -> list[Mailbox]:
    query = select(Mailbox).where(Mailbox.active, Mailbox.kind.in_(("imap", "pop3")))
    return list(db.session.scalars(query.order_by(Mailbox.id)))


def _me() -> str:
    return f"{heartbeats.this_process()}.{threading.get_ident()}"


class Fetcher:
    """Keeps one thread at work for each active mailbox until `stop` is set."""

    def __init__(self, app: Flask, stop: threading.Event) -> None:
        self.app, self.stop = app, stop
        self.threads: dict[int, threading.Thread] = {}

    def run(self) -> None:
        """Look after the threads; returns when told to stop."""
        while not self.stop.is_set():
            # the database may be away for a while
            with suppress(Exception), self.app.app_context():
                for box in _active():
                    self._ensure(box.id)
            self.stop.wait(MAILBOXES)
        for thread in self.threads.values():
            thread.join(5)

    def _ensure(self, box_id: int) -> None:
        known = self.threads.get(box_id)
        if known is None or not known.is_alive():
            thread = threading.Thread(target=self.attend, args=(box_id,), daemon=True)
            self.threads[box_id] = thread
            thread.start()

    def attend(self, box_id: int) -> None:
        """Fetch one mailbox for as long as it is active, whatever goes wrong."""
        failures = 0
        while not self.stop.is_set():
            with self.app.app_context():
                try:
                    if not rounds.leased(box_id, _me()):
                        return  # switched off, or another process has it
                    self._session(box_id)
                    failures = 0
                except Exception as error:
                    log.warning("Mailbox %s: %s", box_id, error)
                    with suppress(Exception):
                        rounds.note_failure(box_id, error)
                    self.stop.wait(PAUSES[min(failures, len(PAUSES) - 1)])
                    failures += 1
        with self.app.app_context(), suppress(Exception):
            rounds.release(box_id, _me())

    def _session(self, box_id: int) -> None:
        """One connection: fetch, wait for news, fetch ... POP3 and servers without IDLE: look again."""
        box = db.session.get_one(Mailbox, box_id, populate_existing=True)
        with closing(rounds.opened(box)) as door:
            while not self.stop.is_set() and rounds.leased(box_id, _me()):
                rounds.still_allowed(box_id)
                rounds.fetch_round(door, box_id)
                db.session.remove()
                if isinstance(door, Pop3Door) or not door.has_idle:
                    self.stop.wait(LOOK)
                    return
                door.wait(LOOK, self.stop.is_set)


def work_loop() -> background.Loop:
    """Works on the mails that wait, in the process that takes them: at once when woken."""
    return background.Loop("mails", _work, woken=jobs.woken)


def _work() -> float:
    return 0.0 if process_stored() else background.SWEEP
