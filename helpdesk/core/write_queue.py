"""Who writes next, in the order of asking: SQLite has one writer and no queue for the others.

SQLite lets who waits look again after ever longer pauses, up to a tenth of a second. A loop that writes
batch after batch leaves gaps that are shorter, so a person's request could miss one after the other.
Here the threads of a process hand the turn over to who has waited longest. Other processes still wait
as SQLite has it; the embedded profile has one.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Hashable, Iterator, MutableMapping
from contextlib import contextmanager
from weakref import WeakKeyDictionary


class Turns:
    """A lock that is handed to who has waited longest, without a moment in which anybody may grab it."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._taken = False

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when it did not come in so many seconds."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._guard:
            if mine not in self._waiting:
                return True  # it came at the last moment
            self._waiting.remove(mine)
        return False

    def give(self) -> None:
        """Hand the turn to the next, or lay it down."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False


_of: MutableMapping[Hashable, Turns] = WeakKeyDictionary()
_making = threading.Lock()


@contextmanager
def turn(of: Hashable, seconds: float) -> Iterator[None]:
    """Inside, nobody else of this process writes to that database. Raises TimeoutError."""
    with _making:
        turns = _of.setdefault(of, Turns())
    if not turns.take(seconds):
        raise TimeoutError(f"No turn to write within {seconds:.0f} s.")
    try:
        yield
    finally:
        turns.give()


def _begin_anew() -> None:
    """A forked process has none of its parent's threads, so nobody who would hand the turn over."""
    global _making
    _making = threading.Lock()
    _of.clear()


os.register_at_fork(after_in_child=_begin_anew)
