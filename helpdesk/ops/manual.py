"""Both tables of moves as Markdown, for docs/lifecycle.md (`flask lifecycle`)."""

from __future__ import annotations

from collections.abc import Iterable

from helpdesk.core.moves import Move
from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.tickets import lifecycle
from helpdesk.words import Kind


def as_markdown() -> str:
    """Both tables under their headings: what the command prints and docs/lifecycle.md holds."""
    return f"## Tickets\n\n{tickets()}\n\n## Notices\n\n{notices()}"


def tickets() -> str:
    """The table of a ticket's moves."""
    rows = [["move", "from", "to", "who", "must be filled", "kinds"]]
    for move in lifecycle.TABLE:
        kinds = "all" if len(move.kinds) == len(Kind) else ", ".join(move.kinds)
        sources = ", ".join(s for s in lifecycle.Status if s in move.sources)
        who, needs = ", ".join(move.roles), ", ".join(move.needs) or "-"
        rows.append([move.code, sources, _to(move), who, needs, kinds])
    return _table(rows)


def _to(move: Move) -> str:
    return f"{move.to}, at the desk {move.at_desk}" if move.at_desk else move.to or "stays"


def notices() -> str:
    """The table of a rectification notice's moves."""
    rows = [["move", "from", "to", "who", "must be filled"]]
    for move in notices_lifecycle.TABLE:
        who = "responsible department" if notices_lifecycle.is_own(move) else ", ".join(move.roles)
        sources = ", ".join(s for s in notices_lifecycle.State if s in move.sources)
        needs = ", ".join(move.needs) or "-"
        rows.append([move.code, sources, move.to or "stays", who, needs])
    return _table(rows)


def _table(rows: list[list[str]]) -> str:
    head, *body = rows
    return "\n".join(map(_line, [head, ["---"] * len(head), *body]))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
