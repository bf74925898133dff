"""The category tree: three levels, two languages, a severity to start with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from helpdesk.agents.change import change, is_lacking, odd_code
from helpdesk.agents.models import Department
from helpdesk.agents.rights import Actor
from helpdesk.core.db import db, stored
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.i18n import N_
from helpdesk.setup.models import Category
from helpdesk.words import SEVERITIES

MOST_LEVELS = 3
CODE = re.compile(r"[a-z][a-z0-9._-]{0,60}")
ODD_CODE = N_("Small letters, digits, dots and hyphens, beginning with a letter.")


@dataclass(frozen=True)
class CategoryText:
    """What an administrator says of one category. `code` is for programs and never changes."""

    code: str
    name_zh: str
    name_en: str
    parent_id: int | None = None
    severity: str = ""
    department_id: int | None = None
    public: bool = True
    active: bool = True


def tree() -> list[Category]:
    """All categories, each above its children, in their order."""
    rows = db.session.scalars(select(Category).order_by(Category.position, Category.id)).all()
    return list(_under(None, rows))


def _under(parent_id: int | None, rows: Sequence[Category]) -> Iterator[Category]:
    for row in rows:
        if row.parent_id == parent_id:
            yield row
            yield from _under(row.id, rows)


def found(category_id: int) -> Category:
    """This category. Raises NotFound."""
    return stored(Category, category_id, N_("There is no such category."))


def save(row: Category | None, given: CategoryText, by: Actor) -> Category:
    """A new category at the end of its branch, or a change of this one and of its place in the tree;
    its code stays. Raises NotAllowed or BadInput."""
    with change("category", by) as making:
        _check(given, row)
        kept = row or Category(code=given.code, path="", position=making.end_of(Category))
        columns = {"code": kept.code, "severity": given.severity or None}
        making.keep(kept, asdict(given) | columns)
        _mend_paths(kept)
    return kept


def move(row: Category, step: int, by: Actor) -> None:
    """Show a category earlier (-1) or later (+1) among its siblings."""
    with change("category order", by) as making:
        making.move(row, step, [one for one in tree() if one.parent_id == row.parent_id])


def _mend_paths(row: Category) -> None:
    """Where it lies in the tree now: the paths of the category and of everything under it."""
    parent = db.session.get(Category, row.parent_id) if row.parent_id else None
    old, new = row.path, f"{parent.path if parent else '/'}{row.id}/"
    under = Category.path.startswith(old) if old else Category.id == row.id
    for one in db.session.scalars(select(Category).where(under)):
        one.path = new + one.path.removeprefix(old)


def _check(given: CategoryText, row: Category | None) -> None:
    errors = {name: FILL for name in ("name_zh", "name_en") if not getattr(given, name).strip()}
    if row is None:
        errors |= odd_code(Category, given.code, CODE, ODD_CODE)
    if given.severity and given.severity not in SEVERITIES:
        errors["severity"] = PICK
    if is_lacking(Department, given.department_id):
        errors["department_id"] = PICK
    if given.parent_id:
        errors |= _odd_parent(db.session.get(Category, given.parent_id), row)
    refuse(errors)


def _odd_parent(parent: Category | None, row: Category | None) -> dict[str, str]:
    if parent is None:
        return {"parent_id": PICK}
    if row is not None and f"/{row.id}/" in parent.path:
        return {"parent_id": N_("A category can't lie under itself.")}
    if parent.level + _height(row) > MOST_LEVELS:
        return {"parent_id": N_("The tree has three levels at most.")}
    return {}


def _height(row: Category | None) -> int:
    """How many levels a category and what lies under it take up."""
    if row is None:
        return 1
    under = db.session.scalars(select(Category).where(Category.path.startswith(row.path)))
    return max(one.level for one in under) - row.level + 1
