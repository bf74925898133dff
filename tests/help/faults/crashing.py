"""Ends a piece of work at each of its statements and commits, one after the other (F4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from helpdesk.core.db import db
from helpdesk.ops import doctor
from tests.help.faults.state import state

Work = Callable[[], object]
MOST = 400  # boundaries of one verb: more means that it never ends
KILLED = 77


class Crash(BaseException):
    """The program ends here: no handler for ordinary errors may catch it."""


class Bomb:
    """Goes off just before the statement or commit with this number, counted from 1.

    What is only read after the commit of a transaction is no boundary: nothing can be half then.
    """

    def __init__(self, at: int, blow: Callable[[], None]) -> None:
        self.at, self.blow, self.passed, self.commits = at, blow, 0, 0

    def statement(self, _connection: object, _cursor: object, sql: str, *_args: object) -> None:
        """Called by the engine before each statement."""
        if not (self.commits and (sql.startswith("SELECT") or sql == "BEGIN")):
            self._pass()

    def commit(self, connection: Connection) -> None:
        """Called by the engine before each commit."""
        if connection.get_execution_options().get("writing"):
            self._pass()
            self.commits += 1

    def _pass(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            self.blow()


@contextmanager
def armed(bomb: Bomb) -> Iterator[Bomb]:
    """Inside, the bomb counts the boundaries of every connection."""
    event.listen(Engine, "before_cursor_execute", bomb.statement)
    event.listen(Engine, "commit", bomb.commit)
    try:
        yield bomb
    finally:
        event.remove(Engine, "before_cursor_execute", bomb.statement)
        event.remove(Engine, "commit", bomb.commit)


def _raise() -> None:
    raise Crash


def crash_everywhere(
    work: Work, atomic: bool = True, free: Callable[[], object] = lambda: None
) -> int:
    """End `work` at its first boundary, then at its second ... until it completes; returns how many.

    An atomic work leaves no trace of any attempt; another may leave whole transactions. Whatever it
    left, no promise of the data is broken, and done again it completes. `free` is called after each.
    """
    before = state()
    for at in range(1, MOST):
        completed = _crashed_at(at, work)
        db.session.rollback()
        free()
        left = state()
        whole = completed or not atomic
        assert left == before or whole, f"Boundary {at} left half of the work."
        if left != before:
            broken = doctor.broken_promises()
            assert not broken, f"boundary {at}: {broken}"
        if completed:
            assert left != before or not atomic, "The work changed nothing."
            return at - 1
        before = left
    raise AssertionError(f"The work did not complete within {MOST} boundaries.")


def _crashed_at(at: int, work: Work) -> bool:
    """True when the work has fewer boundaries than that, and so was completed."""
    try:
        with armed(Bomb(at, _raise)):
            work()
    except Crash:
        return False
    return True


def killed_at(work: Work, after_commit: bool) -> None:
    """Run `work` in a child process that is gone just before its first COMMIT, or just after it."""
    db.session.rollback()
    db.engine.dispose()
    child = os.fork()
    if not child:
        _die(work, after_commit)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == KILLED, "The child was not killed at a commit."


def _die(work: Work, after_commit: bool) -> None:
    """Never returns: os._exit() runs no handler and closes nothing, as a kill -9."""

    def gone(_thing: Session | Connection) -> None:
        session = db.session()
        if session.info.get("writing") and not session.in_nested_transaction():
            os._exit(KILLED)

    try:
        target = (db.session(), "after_commit") if after_commit else (Engine, "commit")
        event.listen(*target, gone)
        work()
    finally:
        os._exit(1)
