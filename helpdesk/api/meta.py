"""Lists of choices: what a caller may send, named in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from helpdesk import promises
from helpdesk.agents.rights import ROLE_NAMES, STAFF
from helpdesk.api.answers import ref
from helpdesk.api.operations import takes
from helpdesk.core.i18n import gettext, language
from helpdesk.core.moves import Move
from helpdesk.setup import in_force
from helpdesk.statistics import groups, measures
from helpdesk.tickets import lifecycle
from helpdesk.words import casefile
from helpdesk.words.channels import CHANNELS
from helpdesk.words.kinds import KIND_NAMES
from helpdesk.words.severities import SEVERITY_NAMES


@takes("GET", "/meta", "Lists of choices", answer=ref("Meta"))
def meta() -> Response:
    """Kinds, statuses, moves, promises, severities, channels, roles, categories, departments, fields."""
    snapshot = in_force.current()
    return jsonify(
        {
            "kinds": _named(KIND_NAMES),
            "statuses": _named(lifecycle.STATUS_NAMES),
            "moves": [_move(move) for move in lifecycle.TABLE],
            "promises": _named(promises.PROMISE_NAMES),
            "severities": _named(SEVERITY_NAMES),
            "channels": _named(CHANNELS),
            "roles": _named({r: ROLE_NAMES[r] for r in STAFF}),
            "categories": [
                {"code": n.code, "name": n.names[language()], "level": len(n.ids)}
                for n in snapshot.categories.values()
                if n.active
            ],
            "departments": [
                {"code": u.code, "name": u.names[language()]}
                for u in snapshot.departments.values()
                if u.active
            ],
            "measures": [_measure(each) for each in measures.ALL],
            "groups": _named(groups.NAMES),
            "fields": [
                {
                    "code": f.code,
                    "name": gettext(f.label),
                    "choices": [c for c, _label in f.choices],
                }
                for f in casefile.FIELDS
            ],
        }
    )


def _named(names: Mapping[Any, str]) -> list[dict[str, str]]:
    return [{"code": str(code), "name": gettext(label)} for code, label in names.items()]


def _measure(measure: measures.Measure) -> dict[str, str]:
    return {
        "code": measure.code,
        "name": gettext(measure.label),
        "definition": gettext(measure.definition),
        "unit": measure.unit,
    }


def _move(move: Move) -> dict[str, object]:
    return {
        "code": move.code,
        "name": gettext(move.label),
        "from": sorted(move.sources),
        "to": move.to,
        "roles": list(move.roles),
        "needs": list(move.needs),
        "kinds": list(move.kinds),
    }
