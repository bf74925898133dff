"""Calls over the API: what a provider says of them comes in, lists and single calls go out."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from helpdesk.agents.rights import require
from helpdesk.api import answers, inputs
from helpdesk.api.answers import filled, ref
from helpdesk.api.auth import api_actor
from helpdesk.api.operations import takes
from helpdesk.calls import blocking, queries, taking_in
from helpdesk.calls.fields import read_events
from helpdesk.calls.models import Call
from helpdesk.core.given import whole


@takes(
    "POST /calls/events",
    "Hand in what happened to calls: one event, or a list",
    body=inputs.CALL_EVENT,
    several=True,
    answer=answers.TAKEN,
)
def call_events(sent: list[dict[str, Any]]) -> Response:
    """Events of a telephone system; the same (provider, call_id, seq) twice changes nothing."""
    require(api_actor(), "call.report")
    taken = taking_in.take(read_events(sent))
    return jsonify({"taken": taken.new, "known": len(sent) - taken.new, "calls": taken.calls})


@takes("GET /calls", "List calls, newest first", query=inputs.CALLS, answer=answers.CALLS)
def calls(asked: dict[str, Any]) -> Response:
    """Calls, newest first, in keyset pages: {items, next}."""
    who = api_actor()
    wanted = queries.Wanted(
        since=asked.get("from"),
        until=asked.get("to"),
        queue=asked.get("queue", ""),
        agent=asked.get("agent"),
        state=asked.get("state", ""),
    )
    size = asked.get("limit") or 50
    found, after = queries.page(who, wanted, asked.get("cursor", ""), size)
    parts = queries.parts([call.id for call in found], who)
    items = [shape(call, parts.of(call.id)) for call in found]
    return jsonify({"items": items, "next": after or None})


@takes(
    "GET /calls/blocked",
    "Ask before it rings whether a caller is blocked",
    query=inputs.BLOCKED,
    answer=answers.BLOCKED,
)
def is_blocked(asked: dict[str, Any]) -> Response:
    """What a dialplan asks of who calls."""
    require(api_actor(), "call.report")
    return jsonify({"blocked": blocking.is_blocked(asked.get("number", ""))})


@takes("GET /calls/<call>", "One call with its stays, legs and talks", answer=ref("Call"))
def one_call(call: str) -> Response:
    """One call by the id that lists and events name."""
    who = api_actor()
    found = queries.by_id(whole(call) or 0, who)
    return jsonify(shape(found, queries.parts([found.id], who)))


def shape(call: Call, parts: queries.Parts) -> dict[str, Any]:
    """One call as JSON."""
    numbers = [row.ticket for row in (*parts.talks, *parts.stays) if row.ticket]
    return filled(
        answers.CALL,
        call,
        call_id=call.external_id,
        to=call.called,
        ticket=numbers[0] if numbers else None,
        stays=[filled(answers.STAY, row) for row in parts.stays],
        legs=[filled(answers.LEG, row) for row in parts.legs],
        talks=[filled(answers.TALK, row) for row in parts.talks],
        recordings=[filled(answers.RECORDING, row) for row in parts.recordings],
        **{"from": call.caller},
    )
