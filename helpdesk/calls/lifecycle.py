"""What stands in the tables of a call, folded from all that was said of it. Pure.

The result depends on what was said and not on when it was heard: events are put into their own order
first, so late, doubled and mixed-up ones lead to the same rows (see folded.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from helpdesk.calls.folded import Folded, Rang, Recorded, Stayed, Talked, Whole
from helpdesk.calls.words import CONSENTS, LASTING, LOST, VOICEMAIL, Happening, State, StayState


class Said(Protocol):
    """One event, as it is kept."""

    seq: int
    event: str
    at: datetime
    caller: str
    called: str
    queue: str
    agent_id: int | None
    data: dict[str, Any]


def fold(events: Iterable[Said]) -> Folded:
    """What a call's events make of it, in whatever order and however often they come."""
    found = Folded()
    for each in _heard(sorted(events, key=lambda each: (each.at, each.seq))):
        _known(found.call, each)
        step = STEPS.get(each.event)
        if step:
            step(found, each)
    _stand(found)
    return found


def _heard(ordered: list[Said]) -> list[Said]:
    """Without the ends that were none: something of the call itself happened later. A seen end counts
    more than one that was only concluded (LOST)."""
    lives = [at for at, each in enumerate(ordered) if each.event not in AFTERWARDS]
    last = max(lives, default=-1)
    ends = [at for at, each in enumerate(ordered) if each.event == Happening.HUNGUP and at > last]
    seen = [at for at in ends if ordered[at].data.get("reason") != LOST]
    kept = {*(seen or ends)}
    return [e for at, e in enumerate(ordered) if e.event != Happening.HUNGUP or at in kept]


AFTERWARDS = frozenset(
    {
        Happening.HUNGUP,
        Happening.WRAPPED,
        Happening.RECORDED,
        Happening.SURVEYED,
        Happening.AGENT,
    }
)


def _known(call: Whole, said: Said) -> None:
    """Who calls whom: the first to say so is right, and what it did not know others may add."""
    call.started_at = call.started_at or said.at
    call.direction = said.data.get("direction") or call.direction
    call.about = said.data.get("ticket") or call.about
    if said.event != Happening.TRANSFERRED:  # that one names the new party
        call.caller = call.caller or said.caller
        call.called = call.called or said.called
    call.named = call.named or bool(call.caller or said.data.get("hidden"))
    call.number = call.called if call.direction == "out" else call.caller


def _chose(found: Folded, said: Said) -> None:
    found.call.language = said.data.get("language") or found.call.language
    choice = said.data.get("choice", "")
    if choice in CONSENTS:
        found.call.consent = CONSENTS[choice]
        return
    found.call.topic = choice or found.call.topic
    found.call.state = State.MENU


def _queued(found: Folded, said: Said) -> None:
    waiting = found.waiting
    if waiting and waiting.queue == said.queue:
        return
    if waiting:
        waiting.end(StayState.LEFT, said.at, "moved")
    found.stays.append(Stayed(said.seq, said.queue, said.at))


def _offered(found: Folded, said: Said) -> None:
    if not found.ringing(said.agent_id):
        found.legs.append(Rang(said.seq, said.agent_id, _queue(found, said), said.at))


def _queue(found: Folded, said: Said) -> str:
    return said.queue or (found.stays[-1].queue if found.stays else "")


def _missed(found: Folded, said: Said) -> None:
    leg = found.ringing(said.agent_id)
    if leg:
        leg.end("missed", said.at, said.data.get("reason", ""))


def _answered(found: Folded, said: Said) -> None:
    if found.talking(said.agent_id):
        return
    _offered(found, said)
    leg = found.ringing(said.agent_id)
    if leg:
        leg.end("answered", said.at)
    _silence(found, said)  # it rang at several, and one has taken it
    stay = found.stays[-1] if found.stays else None
    if stay and (stay.state != StayState.LEFT or not stay.reason):
        was = stay.state
        stay.end(StayState.ANSWERED, said.at)
        stay.agent_id = said.agent_id if was != StayState.ANSWERED else stay.agent_id
    found.talks.append(Talked(said.seq, said.agent_id, _queue(found, said), said.at))
    found.call.answered_at = found.call.answered_at or said.at


def _held(found: Folded, said: Said) -> None:
    talk = found.talking(said.agent_id)
    if talk:
        talk.hold(said.at)


def _resumed(found: Folded, said: Said) -> None:
    talk = found.talking(said.agent_id)
    if talk:
        talk.resume(said.at)
        _silence(found, said)  # a colleague who was to be asked


def _silence(found: Folded, said: Said) -> None:
    """What rings still does so no more: the call is talked elsewhere, or over."""
    for leg in found.legs:
        if leg.ended_at is None:
            leg.end("gone", said.at)


def _transferred(found: Folded, said: Said) -> None:
    """From the agent who talks; to another one, where `target` or `agent` names them."""
    target = said.data.get("target")
    giver = found.talking(said.agent_id)
    if target is None and giver is None:
        target, giver = said.agent_id, found.talking()
    if giver:
        giver.end(said.at, transferred=True)
    if target is not None and not found.talking(target):
        found.talks.append(Talked(said.seq, target, _queue(found, said), said.at))
        leg = found.ringing(target)
        if leg:
            leg.end("answered", said.at)


def _left(found: Folded, said: Said) -> None:
    if found.waiting:
        found.waiting.end(StayState.LEFT, said.at, said.data.get("reason", ""))


def _abandoned(found: Folded, said: Said) -> None:
    if found.stays and not found.stays[-1].reason:
        found.stays[-1].end(StayState.ABANDONED, said.at)


def _hungup(found: Folded, said: Said) -> None:
    """All ends; who still waited gave up, unless nobody has seen the end."""
    lost = said.data.get("reason") == LOST
    if found.waiting:
        state = StayState.LEFT if lost else StayState.ABANDONED
        found.waiting.end(state, said.at, LOST if lost else "")
    _silence(found, said)
    for talk in found.talks:
        if talk.ended_at is None:
            talk.end(said.at)
    found.call.ended_at, found.call.reason = said.at, said.data.get("reason", "")


def _wrapped(found: Folded, said: Said) -> None:
    """The agent's part is done: the talk, where it lasts, else what was left to be written down."""
    talk = found.talking(said.agent_id)
    if talk:
        talk.end(said.at)
        return
    mine = [each for each in found.talks if said.agent_id in (None, each.agent_id)]
    if mine:
        mine[-1].wrapped_at = mine[-1].wrapped_at or said.at


def _recorded(found: Folded, said: Said) -> None:
    url = said.data.get("recording_url", "")
    if all(each.url != url for each in found.recordings):
        message = said.data.get("reason") == VOICEMAIL
        found.recordings.append(
            Recorded(said.seq, said.agent_id, _queue(found, said), url, said.at, message)
        )


def _surveyed(found: Folded, said: Said) -> None:
    mine = [each for each in found.talks if said.agent_id in (None, each.agent_id)]
    if mine:
        mine[-1].score = said.data.get("score")


STEPS: dict[str, Callable[[Folded, Said], None]] = {
    Happening.MENU: _chose,
    Happening.QUEUED: _queued,
    Happening.OFFERED: _offered,
    Happening.MISSED: _missed,
    Happening.ANSWERED: _answered,
    Happening.HELD: _held,
    Happening.RESUMED: _resumed,
    Happening.TRANSFERRED: _transferred,
    Happening.LEFT: _left,
    Happening.ABANDONED: _abandoned,
    Happening.HUNGUP: _hungup,
    Happening.WRAPPED: _wrapped,
    Happening.RECORDED: _recorded,
    Happening.SURVEYED: _surveyed,
}


def _stand(found: Folded) -> None:
    """Where the call stands, from all that hangs on it."""
    call, last = found.call, found.stays[-1] if found.stays else None
    for each in found.recordings:  # one may begin a moment before the stay that it is of
        each.queue = each.queue or (found.stays[0].queue if found.stays else "")
    if call.ended_at is None and last and last.state == StayState.ABANDONED:
        call.ended_at = last.ended_at  # there is nobody any more
    if call.ended_at is not None:
        call.state = _ended(found, last)
    elif found.talking():
        call.state = State.TALKING
    elif last:
        call.state = State.WAITING
    assert (call.state in LASTING) == (call.ended_at is None)


def _ended(found: Folded, last: Stayed | None) -> State:
    if found.talks:
        return State.ANSWERED
    if found.call.reason == LOST:
        return State.LOST
    if last is None:
        return State.GONE
    return State.ABANDONED if last.state == StayState.ABANDONED else State.LEFT
