"""Whom events name: agents by mail address, extension or id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.calls.models import PhoneLine
from helpdesk.calls.words import Happening
from helpdesk.core.db import db
from helpdesk.core.given import whole
from helpdesk.customers.addresses import comparable


class Agents:
    """Who is named in a set of events; asked once for all."""

    def __init__(self, given: Iterable[Mapping[str, Any]]) -> None:
        named = [each.get(name) for each in given for name in ("agent", "target")]
        named += [each.get("to") for each in given if each.get("event") == Happening.TRANSFERRED]
        texts = {str(one).strip() for one in named if one}
        self.by_name: dict[str, int] = {}
        self.lines: dict[str, int] = {}
        if texts:
            self._ask(texts)

    def _ask(self, texts: set[str]) -> None:
        mails = {comparable(each) for each in texts if "@" in each}
        ids = {one for each in texts if (one := whole(each)) is not None}
        fits = Agent.email.in_(mails) | Agent.id.in_(ids) | PhoneLine.extension.in_(texts)
        query = select(Agent.id, Agent.email, PhoneLine.extension)
        rows = db.session.execute(query.outerjoin(PhoneLine).where(fits)).all()
        self.by_name = {str(row.id): row.id for row in rows} | {row.email: row.id for row in rows}
        self.lines = {row.extension: row.id for row in rows if row.extension}

    def of(self, given: Any) -> int | None:
        """The agent's id; None where none is named, 0 where nobody has this name."""
        if given in (None, ""):
            return None
        if isinstance(given, int):
            return self.by_name.get(str(given), 0)
        text = str(given).strip()
        name = comparable(text) if "@" in text else text
        return self.lines.get(text) or self.by_name.get(name, 0)

    def of_line(self, given: Any) -> int | None:
        """The agent whose extension this is, if it is one."""
        return self.lines.get(str(given).strip()) if given else None
