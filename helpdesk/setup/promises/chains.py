"""Escalation chains: at which share of a promise's time whom to tell."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.agents.change import change
from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, stored
from helpdesk.core.errors import PICK, BadInput, refuse
from helpdesk.core.i18n import N_
from helpdesk.promises.policy import ChainStep
from helpdesk.setup.models import EscalationChain
from helpdesk.web.corrections import mark, require_seen

CHAIN_NAMES = {
    "standard": N_("Usual"),
    "critical": N_("Critical"),
    "signing": N_("Signing"),
}
MOST_SHARE = 1000  # per cent: ten times the promise


def listed() -> Sequence[EscalationChain]:
    """All chains."""
    return db.session.scalars(select(EscalationChain).order_by(EscalationChain.code)).all()


def found(code: str) -> EscalationChain:
    """The chain with this code. Raises NotFound."""
    return stored(EscalationChain, code, N_("There is no such chain."))


def seen(row: EscalationChain) -> str:
    """The mark of a chain as it is stored now."""
    return mark({"steps": row.steps})


def save(row: EscalationChain, steps: Sequence[ChainStep], by: Actor, version: str = "") -> None:
    """Set the steps of a chain; promises that run follow it from their next step on.

    Raises NotAllowed, Conflict when `version` is not what seen() gives any more, or BadInput for
    shares that do not ascend or a step that tells nobody.
    """
    with change("chain", by) as making:
        making.session.refresh(row, with_for_update=True)
        require_seen(version, {"steps": row.steps})
        _check(steps)
        making.id, making.old = row.code, {"steps": row.steps}
        row.steps = [{"at": step.at, "tell": list(step.tell)} for step in steps]
        making.new = {"steps": row.steps}


def _check(steps: Sequence[ChainStep]) -> None:
    if not steps:
        raise BadInput(N_("A chain has at least one step."))
    errors = {}
    reached = 0
    for place, step in enumerate(steps):
        problem = _problem(step, reached)
        if problem:
            errors[f"step-{place}"] = problem
        reached = step.at
    refuse(errors)


def _problem(step: ChainStep, reached: int) -> str:
    if not 1 <= step.at <= MOST_SHARE:
        return N_("A share is from 1 to 1,000 per cent of the promise.")
    if step.at <= reached:
        return N_("Each step comes later than the one above it.")
    if not step.tell:
        return N_("Please say who is told.")
    return PICK if set(step.tell) - set(ROLE_NAMES) else ""
