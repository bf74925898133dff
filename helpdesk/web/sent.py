"""What was sent with a step, as a form or a JSON body has it: one reader for both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpdesk.clock import read_moment
from helpdesk.core.errors import bad_fields
from helpdesk.core.given import tidy
from helpdesk.core.i18n import N_
from helpdesk.files import StoredFile


@dataclass(frozen=True)
class Sent:
    """The values by their names, and files; a time without a zone is read in `zone`."""

    values: Mapping[str, Any]
    zone: ZoneInfo
    files: tuple[StoredFile, ...] = ()

    def text(self, name: str) -> str:
        """The words, without blanks around them; '' when nothing was sent. Raises BadInput."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise bad_fields(**{name: N_("Please send text.")})
        return tidy(value or "")

    def time(self, name: str) -> datetime | None:
        """The moment; None when nothing was sent. Raises BadInput."""
        text = self.text(name)
        try:
            return read_moment(text, self.zone) if text else None
        except ValueError:
            wrong = N_("Please give a date and time.")
            raise bad_fields(**{name: wrong}) from None
