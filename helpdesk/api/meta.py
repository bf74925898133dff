"""Lists of choices: what a caller may send, named in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify

from helpdesk.agents.rights import ROLE_NAMES, STAFF
from helpdesk.api import answers
from helpdesk.api.answers import filled, ref
from helpdesk.api.operations import takes
from helpdesk.core.i18n import gettext, language
from helpdesk.core.moves import Move
from helpdesk.promises.policy import Unit
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.setup import in_force
from helpdesk.statistics import groups, measures
from helpdesk.tickets import lifecycle
from helpdesk.words import CHANNELS, KIND_NAMES, SEVERITY_NAMES, casefile


@takes("GET /meta", "Lists of choices", answer=ref("Meta"))
def meta() -> Response:
    """Kinds, statuses, moves, promises, severities, channels, roles, categories, departments, fields."""
    snapshot = in_force.current()
    categories = [each for each in snapshot.categories.values() if each.active]
    departments = [each for each in snapshot.departments.values() if each.active]
    return jsonify(
        {
            "kinds": _named(KIND_NAMES),
            "statuses": _named(lifecycle.STATUS_NAMES),
            "moves": [_move(move) for move in lifecycle.TABLE],
            "promises": _named(PROMISE_NAMES),
            "severities": _named(SEVERITY_NAMES),
            "channels": _named(CHANNELS),
            "roles": _named({role: ROLE_NAMES[role] for role in STAFF}),
            "categories": [_set_up(each) | {"level": len(each.ids)} for each in categories],
            "departments": [_set_up(each) for each in departments],
            "measures": [_measure(each) for each in measures.BY_CODE.values()],
            "groups": _named(groups.NAMES),
            "fields": [_fact(each) for each in casefile.FIELDS],
        }
    )


def _named(names: Mapping[Any, str]) -> list[dict[str, str]]:
    return [{"code": str(code), "name": gettext(label)} for code, label in names.items()]


def _set_up(row: in_force.Node | Unit) -> dict[str, Any]:
    return {"code": row.code, "name": row.names[language()]}


def _fact(known: casefile.Field) -> dict[str, Any]:
    choices = [*known.choices]
    return {"code": known.code, "name": gettext(known.label), "choices": choices}


def _measure(measure: measures.Measure) -> dict[str, str]:
    name, definition = gettext(measure.label), gettext(measure.definition)
    return filled(answers.MEASURE, measure, name=name, definition=definition)


def _move(move: Move) -> dict[str, object]:
    sources = sorted(move.sources)
    return filled(answers.MOVE, move, name=gettext(move.label), **{"from": sources})
