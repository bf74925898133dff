"""Deadlines of law, switched on for a kind and a category: they bound what the policy promises."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from helpdesk.agents.rights import Actor
from helpdesk.core.db import db
from helpdesk.core.errors import PICK, BadInput, bad_fields
from helpdesk.core.i18n import N_
from helpdesk.promises.policy import Terms
from helpdesk.setup.models import Category, LegalProfile, PolicyVersion
from helpdesk.setup.promises import actions
from helpdesk.words import KIND_NAMES


def profiles() -> Sequence[LegalProfile]:
    """Every profile, in the order of the seed."""
    return db.session.scalars(select(LegalProfile).order_by(LegalProfile.id)).all()


def in_use() -> list[Terms]:
    """The rows of the edition in force that came from a profile."""
    return [line for line in actions.lines(actions.in_force().id) if line.profile]


def switch_on(code: str, kind: str, category_id: int | None, by: Actor) -> PolicyVersion:
    """A new edition in which this profile bounds the cases of a kind and a category ('' all).

    Raises BadInput for an unknown choice or what is on already, NotAllowed.
    """
    found = db.session.scalar(select(LegalProfile).where(LegalProfile.code == code))
    known = category_id is None or db.session.get(Category, category_id) is not None
    if found is None or kind not in ("", *KIND_NAMES) or not known:
        raise bad_fields(profile=PICK)
    line = Terms(
        promise=found.promise,
        limit=found.limit,
        owner="department" if found.promise == "resolve" else "desk",
        kind=kind,
        category_id=category_id,
        profile=code,
    )
    if line.key in {one.key for one in in_use()}:
        raise BadInput(N_("This rule is on already for these cases."))
    return actions.replaced([*actions.lines(actions.in_force().id), line], f"+ {found.name_en}", by)


def switch_off(place: int, by: Actor) -> PolicyVersion:
    """A new edition without this row of in_use(). Raises BadInput when it is gone already."""
    rows = in_use()
    if not 0 <= place < len(rows):
        raise BadInput(N_("This rule is not on any more."))
    kept = [line for line in actions.lines(actions.in_force().id) if line.key != rows[place].key]
    return actions.replaced(kept, f"- {rows[place].profile}", by)
