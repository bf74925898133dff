"""A disk that is full, or data that can't be written to: told as such, and logged once for each turn."""

from __future__ import annotations

import errno
import logging
import time

from helpdesk.core.errors import Busy
from helpdesk.core.i18n import N_

log = logging.getLogger(__name__)
FULL = N_("The disk is full: nothing was stored. Please tell your administrator.")
READ_ONLY = N_("Nothing can be written now: nothing was stored. Please tell your administrator.")
_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT}
_FULL_STATES = {"53100"}  # PostgreSQL: disk_full
_READ_ONLY_STATES = {"25006"}  # read_only_sql_transaction
_FULL_WORDS = ("database or disk is full",)
_READ_ONLY_WORDS = ("readonly database", "unable to open database file")


class Shortage(Busy):
    """There is no room, or no leave, to store anything; what was sent is not kept."""

    def __init__(self, *, full: bool) -> None:
        super().__init__(FULL if full else READ_ONLY, code="disk_full" if full else "read_only")
        self.full = full


QUIET = 30.0  # seconds without a shortage; small writes find room long after larger ones don't


class _Told:
    """What the log has said last, and when a shortage was last met."""

    code = ""
    at = 0.0


def shortage_of(error: BaseException) -> Shortage | None:
    """The shortage behind an error of the database or of a file; None for all else."""
    if isinstance(error, OSError):
        full = error.errno in _FULL_ERRORS
        return Shortage(full=full) if full or error.errno == errno.EROFS else None
    cause = getattr(error, "orig", None)
    state, words = getattr(cause, "sqlstate", None), str(cause or "")
    if state in _FULL_STATES or any(each in words for each in _FULL_WORDS):
        return Shortage(full=True)
    if state in _READ_ONLY_STATES or any(each in words for each in _READ_ONLY_WORDS):
        return Shortage(full=False)
    return None


def note(shortage: Shortage | None) -> None:
    """Log that a shortage began, or (None: something was stored) that it is over."""
    code, moment = shortage.code if shortage else "", time.monotonic()
    over = not code and moment - _Told.at >= QUIET
    if code:
        _Told.at = moment
    if code == _Told.code or not (code or over):
        return
    _Told.code = code
    if shortage is None:
        log.warning("There is room again: what is sent is stored.")
    elif shortage.full:
        log.error("The disk is full: nothing is stored until there is room.")
    else:
        log.error("Nothing can be written: the data are read-only.")
