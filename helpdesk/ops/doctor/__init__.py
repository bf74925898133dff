"""`flask doctor`: is the installation set up well, and does its data keep every promise?

finding.py         what a check tells
configuration.py   database, migrations, Redis, folders, timer process
surroundings.py    clocks, disk, published holidays, the database itself
invariants.py      what must hold of the data at any time, whatever was killed when (I1 to I9)
history.py         the same for status histories, numbers and the journal
mail.py, sums.py   the same for mails and statistics
calls.py           the same for telephone calls
facts.py           ages, sizes and editions that are worth knowing
"""

from types import ModuleType

from sqlalchemy.exc import SQLAlchemyError

from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.ops.doctor import calls, configuration, history, invariants, mail, sums, surroundings
from helpdesk.ops.doctor.finding import Check, Finding


def _of(*modules: ModuleType) -> tuple[Check, ...]:
    every = (each for module in modules for each in vars(module).values())
    return tuple(each for each in every if isinstance(each, Check))


DATA = _of(invariants, history, mail, sums, calls)
CHECKS = (*_of(configuration, surroundings), *DATA)


def examine() -> list[Finding]:
    """Run every check, in the order in which they are printed."""
    return [_done(check) for check in CHECKS]


def _done(check: Check) -> Finding:
    """What a check finds; one that can't be made counts as broken and keeps no other from its work."""
    try:
        return check()
    except (SQLAlchemyError, OSError, HelpdeskError) as error:
        db.session.rollback()
        words = f"this could be checked: {check.promise}"
        return Finding("unknown", words, 1, (type(error).__name__,))


def broken_promises() -> list[str]:
    """The lines of those findings about the data that break a promise: empty when all is well."""
    return [finding.line for check in DATA if not (finding := check()).ok]
