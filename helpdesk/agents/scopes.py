"""What a token may be limited to. A token without a scope does what its role may, except handing out
the customer's way back (`track`): that takes INTAKE."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from helpdesk.clock import now
from helpdesk.clock.moment import LAST_YEAR
from helpdesk.core.errors import PICK, BadInput
from helpdesk.core.i18n import N_, company_zone

INTAKE, READ, WORK = "intake", "read", "work"
STATISTICS, KB, METRICS = "statistics", "kb", "metrics"
CALLS = "calls"
SCOPE_NAMES = {
    INTAKE: N_("Open cases, hand the customer the way back, read the cases it opened itself"),
    READ: N_("Read everything that the role may read"),
    WORK: N_("Open cases, write messages, take steps"),
    STATISTICS: N_("Read statistics"),
    KB: N_("Search the knowledge base"),
    CALLS: N_("Hand in what happens to telephone calls"),
    METRICS: N_("Read the figures of the machine (/metrics)"),
}
CALLS_A_MINUTE = 60_000  # of a token for which nobody has said otherwise
MOST_CALLS = 1_000_000
LAST_DAY = date.max.replace(year=LAST_YEAR)
SOON = timedelta(days=14)  # how long before its end a token is told of


@dataclass(frozen=True)
class Bounds:
    """What narrows a token: scopes, its last day (None = for ever), calls a minute."""

    scopes: tuple[str, ...] = ()
    expires: date | None = None
    rate: int = CALLS_A_MINUTE

    def errors(self) -> dict[str, str]:
        """A sentence for each field that can't be taken."""
        found = {}
        if set(self.scopes) - set(SCOPE_NAMES):
            found["scopes"] = PICK
        end = self.expires_at()
        if end is not None and end <= now():
            found["expires"] = N_("This day is over. Please give one that is still to come.")
        if not 1 <= self.rate <= MOST_CALLS:
            found["rate"] = N_("Please give a number from 1 to 1,000,000.")
        return found

    def expires_at(self) -> datetime | None:
        """The moment from which the token is worth nothing: the end of its last day."""
        if self.expires is None:
            return None
        day_after = min(self.expires, LAST_DAY) + timedelta(days=1)
        return datetime.combine(day_after, time(), company_zone())


def read_scopes(given: Iterable[str]) -> tuple[str, ...]:
    """The scopes in texts such as ('intake', 'read,kb'), each once. Raises BadInput for an unknown one."""
    wanted = dict.fromkeys(" ".join(given).replace(",", " ").split())
    odd = [name for name in wanted if name not in SCOPE_NAMES]
    if odd:
        raise BadInput(
            N_("There is no scope “%(name)s”. There are: %(known)s."),
            name=odd[0],
            known=", ".join(SCOPE_NAMES),
        )
    return tuple(wanted)
