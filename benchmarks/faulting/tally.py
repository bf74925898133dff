"""What a run under faults counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from helpdesk.core.db import db
from helpdesk.ops import doctor


@dataclass
class Tally:
    """One row of the table. Lateness is in seconds."""

    row: str
    kills: int
    accepted: int
    lost: int
    doubled: int
    late: Sequence[float] = ()
    note: str = ""
    broken: list[str] = field(default_factory=list)
    database: str = ""

    def __post_init__(self) -> None:
        db.session.rollback()
        self.database = db.engine.dialect.name
        self.broken = doctor.broken_promises()

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing doubled, no promise of the data broken."""
        return not (self.lost or self.doubled or self.broken)

    def share(self, per_cent: float) -> float:
        """The lateness that this share did not exceed."""
        ordered = sorted(self.late)
        return ordered[round(per_cent / 100 * (len(ordered) - 1))] if ordered else 0.0
