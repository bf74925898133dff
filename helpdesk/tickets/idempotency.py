"""What is sent twice is done once: by an Idempotency-Key, by the hidden key of a form, by equal words.

The key's row is claimed before the work and in its transaction, so of two equal requests that come at
the same moment the second waits for the first and gets what that one made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, select, tuple_, update

from helpdesk import promises
from helpdesk.agents.rights import Actor
from helpdesk.clock import now
from helpdesk.core.background import BATCH, forgetting
from helpdesk.core.db import Model, change_rows, db, retrying, transaction
from helpdesk.core.errors import Refused
from helpdesk.core.i18n import N_
from helpdesk.core.rows import insert_new
from helpdesk.files import StoredFile, drop
from helpdesk.tickets.actions.twins import prints_of
from helpdesk.tickets.intake import Intake, Opened, open_ticket
from helpdesk.tickets.models import IdempotencyKey, Ticket

LONGEST_KEY = 200  # as its column has it; of a longer one the digest is kept: no two are mixed up
FORM_KEYS_KEPT = timedelta(days=2)  # a page that stays open for longer has a new session anyway
FORM = "form:"  # how the keys of forms begin
NOT_WORDS = {"csrf_token", "once", "seen_seq", "version", "files"}  # may differ between two clicks
T = TypeVar("T", bound=Model)


def open_once(key: str, sent: dict[str, Any], intake: Intake, by: Actor) -> Opened:
    """The ticket that this caller's key made before, else a new one from `intake`.

    Raises Refused when the key came with another request (`sent`) before.
    """
    made: list[Opened] = []

    def work() -> Ticket:
        made.append(open_ticket(intake, by))
        return made[-1].row

    ticket = done_once(key, sent, by, work, Ticket)
    return made[-1] if made else Opened(ticket, list(promises.table(ticket)), new=False)


def done_once(key: str, sent: Any, by: Actor, work: Callable[[], T], kind: type[T]) -> T:
    """The row that this caller's key made before, else what `work` makes: an instance of `kind`.

    Without a key the work is simply done. Raises Refused when the key came with another request
    (`sent`) before, and what the work raises: then the key is free again.
    """
    if not key:
        return work()
    name = (f"{by.kind}:{by.id}", _short(key))

    def claimed() -> T:
        with transaction() as session:
            known = _claim(name, _digest(json.dumps(sent, sort_keys=True)))
            if known is not None:
                return session.get_one(kind, known.made_id)
            made = work()
            _keep(name, made.id)  # type: ignore[attr-defined]
            return made

    return retrying(claimed)


def form_once(
    form: Any, path: str, by: Actor, work: Callable[[], object], files: tuple[StoredFile, ...] = ()
) -> bool:
    """Do what a form asks for; False when the same form with the same words was done before.

    The key is the form's hidden `once`, together with the words and files: other words after a
    step back in the browser are something new, and files that came twice are let go. Without a
    key the work is simply done.
    """
    once = form.get("once", "")
    if not once:
        work()
        return True
    words = {name: form.getlist(name) for name in form if name not in NOT_WORDS}
    prints = prints_of(files)
    name = (
        f"{by.kind}:{by.id}",
        FORM + _digest(json.dumps([once, path, words, prints], sort_keys=True)),
    )

    def claimed() -> bool:
        with transaction():
            if _claim(name, "") is not None:
                drop(files)
                return False
            work()
            return True

    return retrying(claimed)


def _claim(name: tuple[str, str], request_hash: str) -> IdempotencyKey | None:
    """Take this key for the open transaction; what it has made when somebody took it before."""
    actor, key = name
    row = {"actor": actor, "key": key, "request_hash": request_hash, "at": now()}
    if insert_new(IdempotencyKey.__table__, [row], IdempotencyKey.key):
        return None
    known = db.session.get_one(IdempotencyKey, name, populate_existing=True)
    _require_same(known, request_hash)
    return known


def _keep(name: tuple[str, str], made_id: int) -> None:
    mine = (IdempotencyKey.actor == name[0]) & (IdempotencyKey.key == name[1])
    statement = update(IdempotencyKey).where(mine).values(made_id=made_id)
    change_rows(statement)


@forgetting
def forget_forms() -> int:
    """Forget the keys of forms that nobody can have open any more; how many those were."""
    old = IdempotencyKey.key.startswith(FORM) & (IdempotencyKey.at < now() - FORM_KEYS_KEPT)
    name = tuple_(IdempotencyKey.actor, IdempotencyKey.key)
    first = select(IdempotencyKey.actor, IdempotencyKey.key).where(old).limit(BATCH)
    with transaction() as session:
        gone = session.execute(delete(IdempotencyKey).where(name.in_(first)))
        return int(gone.rowcount)  # type: ignore[attr-defined]


def _short(key: str) -> str:
    return key if len(key) <= LONGEST_KEY else _digest(key)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _require_same(known: IdempotencyKey, request_hash: str) -> None:
    if known.request_hash != request_hash:
        raise Refused(
            N_("This Idempotency-Key was used for another request. Please use a new key."),
            code="key_reused",
        )
