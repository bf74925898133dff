"""The promise policy in editions: saving makes a new one, tickets keep the one they began with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select, update

from helpdesk.agents.change import Change, change
from helpdesk.agents.rights import Actor
from helpdesk.clock import Limit, LimitError
from helpdesk.core.db import db, stored
from helpdesk.core.errors import PICK, BadInput, Conflict, NotFound, refuse
from helpdesk.core.i18n import N_
from helpdesk.promises.policy import Key, Terms, terms_of
from helpdesk.promises.words import OWNER_NAMES, POLICY_NAMES
from helpdesk.setup.models import Category, EscalationChain, PolicyRow, PolicyVersion
from helpdesk.words import CHANNELS, KIND_NAMES, SEVERITIES

Counter = Callable[[Sequence[Terms]], int]
_counters: list[Counter] = []


def counts_cases(counter: Counter) -> Counter:
    """Register how many open cases these rows would promise something else: `@counts_cases`."""
    _counters.append(counter)
    return counter


def open_cases(lines: Sequence[Terms]) -> int:
    """Open cases that these rows would promise something else than the edition in force."""
    return sum(count(lines) for count in _counters)


def versions() -> Sequence[PolicyVersion]:
    """All editions, the newest first."""
    return db.session.scalars(select(PolicyVersion).order_by(PolicyVersion.id.desc())).all()


def in_force() -> PolicyVersion:
    """The edition by which new tickets are planned. Raises NotFound in an empty database."""
    row = db.session.scalar(select(PolicyVersion).where(PolicyVersion.active))
    if row is None:
        raise NotFound(N_("There is no promise policy yet."))
    return row


def version(version_id: int) -> PolicyVersion:
    """This edition. Raises NotFound."""
    return stored(PolicyVersion, version_id, N_("There is no such edition."))


def lines(version_id: int) -> list[Terms]:
    """The rows of an edition."""
    rows = db.session.scalars(
        select(PolicyRow).where(PolicyRow.version_id == version_id).order_by(PolicyRow.id)
    )
    return [terms_of(row) for row in rows]


def save(given: Mapping[str, Terms], note: str, based_on: int, by: Actor) -> PolicyVersion:
    """A new edition, in force from now on. `given` maps a name for errors to each row.

    Raises NotAllowed, BadInput with the field's sentence for each wrong row, Conflict when the
    edition in force is not `based_on` any more. Open tickets keep their promises.
    """
    with change("policy", by) as making:
        current = in_force()
        if current.id != based_on:
            raise Conflict(
                N_("Somebody saved another edition meanwhile. Compare, then save yours again.")
            )
        checked = _checked(given, note)
        checked += [line for line in lines(current.id) if line.profile and line not in checked]
        if _by_key(checked) == _by_key(lines(current.id)):
            raise BadInput(N_("Nothing is different from the edition in force."))
        return _written(making, checked, note, by)


def replaced(rows: Sequence[Terms], note: str, by: Actor) -> PolicyVersion:
    """A new edition of exactly these rows, which are known to be right. Raises NotAllowed."""
    with change("policy", by) as making:
        return _written(making, rows, note, by)


def _written(making: Change, rows: Sequence[Terms], note: str, by: Actor) -> PolicyVersion:
    before = in_force().id
    row = PolicyVersion(note=note.strip(), made_by=by.name, active=True)
    making.session.execute(update(PolicyVersion).values(active=False))
    making.session.add(row)
    making.session.flush()
    making.session.add_all(PolicyRow(version_id=row.id, **asdict(line)) for line in rows)
    making.session.flush()
    making.id, making.old, making.new = row.id, {"version": before}, {"version": row.id}
    return row


def checked(given: Mapping[str, Terms]) -> list[Terms]:
    """The rows as they would be saved. Raises BadInput with the field's sentence for a wrong one."""
    return _checked(given, "-") + [line for line in lines(in_force().id) if line.profile]


@dataclass(frozen=True)
class Difference:
    """What two editions say of one key; None where it has no row."""

    before: Terms | None
    after: Terms | None

    @property
    def line(self) -> Terms:
        """Either of the two, to tell what it is about."""
        found = self.after or self.before
        assert found is not None
        return found


def compare(before_id: int, after_id: int) -> list[Difference]:
    """Where two editions differ."""
    before, after = _by_key(lines(before_id)), _by_key(lines(after_id))
    keys = [*before, *(key for key in after if key not in before)]
    return [
        Difference(before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _by_key(rows: Sequence[Terms]) -> dict[Key, Terms]:
    return {row.key: row for row in rows}


def _checked(given: Mapping[str, Terms], note: str) -> list[Terms]:
    errors = {} if note.strip() else {"note": N_("Please say why: the note explains the edition.")}
    chains = set(db.session.scalars(select(EscalationChain.code)))
    seen: set[Key] = set()
    kept = []
    for name, line in given.items():
        problem = _problem(line, chains)
        if line.key in seen:
            problem = N_("There is a row for the same case already.")
        if problem:
            errors[name] = problem
            continue
        seen.add(line.key)
        kept.append(replace(line, limit=str(Limit.parse(line.limit)) if line.limit else ""))
    refuse(errors)
    return kept


def _problem(line: Terms, chains: set[str]) -> str:
    offered: tuple[tuple[str, object], ...] = (
        (line.promise, POLICY_NAMES),
        (line.owner, OWNER_NAMES),
        (line.chain, chains),
        (line.severity, ("", *SEVERITIES)),
        (line.kind, ("", *KIND_NAMES)),
        (line.channel, ("", *CHANNELS)),
    )
    if any(value not in known for value, known in offered):  # type: ignore[operator]
        return PICK
    if line.category_id and db.session.get(Category, line.category_id) is None:
        return PICK
    return limit_problem(line.limit)


def limit_problem(text: str) -> str:
    """What is wrong with a limit, as a message id; '' when it can be counted or is left empty."""
    if not text:
        return ""
    try:
        Limit.parse(text)
    except LimitError as error:
        return error.message
    return ""
