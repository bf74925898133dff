"""What happened to a ticket, as one sentence in the reader's language: every event has its own.

The journal keeps names and values; words are found when they are read, so both languages and
later corrections of a word reach the oldest entries too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from helpdesk.agents.duty import ROLE_NAMES
from helpdesk.core.i18n import N_, gettext, language, when
from helpdesk.customers.people import PROOFS
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.setup import in_force
from helpdesk.tickets import news
from helpdesk.tickets.fields import BY_COLUMN
from helpdesk.tickets.sight import Noted
from helpdesk.words import CONTACTS, SCORES, casefile

SENTENCES: dict[str, str] = {
    "ticket.opened": N_("Registered: %(kind)s by %(channel)s, %(severity)s"),
    "file.infected": N_("A malware scanner found something in %(file)s; the file is locked"),
    "ticket.accept": N_("Accepted"),
    "ticket.decline": N_("Not accepted"),
    "ticket.dispatch": N_("Dispatched to %(department)s"),
    "ticket.answer_directly": N_("Answered the customer directly"),
    "ticket.send_back": N_("Asked to return it to the dispatcher"),
    "ticket.refuse_return": N_("Refused the return"),
    "ticket.sign": N_("Signed for it"),
    "ticket.handle": N_("Began to handle it"),
    "ticket.transfer": N_("Transferred from %(from_department)s to %(department)s"),
    "ticket.hold": N_("Put on hold until %(until)s"),
    "ticket.resume": N_("Resumed"),
    "ticket.ask_extension": N_("Asked for more time, until %(until)s"),
    "ticket.grant_extension": N_("Granted more time, until %(until)s"),
    "ticket.refuse_extension": N_("Refused more time"),
    "ticket.reply": N_("Replied to the customer"),
    "ticket.review": N_("Took the answer under review"),
    "ticket.approve": N_("Approved the answer for the follow-up call"),
    "ticket.rework": N_("Sent back for rework, round %(cycle)s"),
    "ticket.close": N_("Closed"),
    "ticket.reopen": N_("Reopened, round %(cycle)s"),
    "ticket.archive": N_("Archived"),
    "ticket.withdraw": N_("Withdrawn"),
    "ticket.merge": N_("Merged into %(into)s"),
    "ticket.unmerge": N_("Undid the merge into %(into)s"),
    "ticket.merge_undone": N_("The merge of %(number)s into this one was undone"),
    "ticket.transfer_out": N_("Transferred outside"),
    "ticket.edited": N_("Changed %(changes)s"),
    "ticket.sealed": N_("Made it confidential"),
    "ticket.confidentiality_lifted": N_("Lifted the confidentiality"),
    "ticket.urged": N_("Urged, %(urges)s in all"),
    "ticket.linked": N_("Said whose case it is: customer %(person)s instead of %(from_person)s"),
    "ticket.reply_to": N_("Answers go to %(new)s instead of %(old)s"),
    "ticket.proven": N_("The address %(address)s is proven: %(how)s"),
    "ticket.claim": N_("Took it"),
    "ticket.assign": N_("Gave it to %(assignee)s"),
    "ticket.unassign": N_("Gave it back to the queue"),
    "ticket.handed_on": N_("Handed on from %(who)s to %(assignee)s"),
    "ticket.handed_back": N_("Handed on from %(who)s to the queue"),
    "ticket.release": N_("Put it back into the queue"),
    "ticket.offer": N_("Given to %(assignee)s, who had %(load)s of %(capacity)s open tickets"),
    "ticket.assist": N_("Asked %(department)s to assist"),
    "ticket.assist_answered": N_("Answered as the assisting department"),
    "ticket.merged_in": N_("Ticket %(number)s was merged into this one"),
    "ticket.rated": N_("The customer rated it: %(score)s"),
    "ticket.notice_issued": N_("Rectification notice %(number)s was issued to %(department)s"),
    "message.customer": N_("The customer wrote"),
    "message.automatic": N_("An automatic reply came in; nothing else happened"),
    "message.staff": N_("Wrote to the customer"),
    "message.note": N_("Wrote an internal note"),
    "ticket.unsend": N_("Took the answer back before it went out"),
    "message.reread": N_("Read the customer's mail again; its message was renewed"),
    "mail.lost": N_("The mail to %(to)s did not arrive"),
    "call.answered": N_("Spoke with the customer on the telephone"),
    "call.judged": N_("The caller judged the call: %(score)s"),
    "call.score_read": N_("Read the low score of the call: %(score)s"),
    "call.recorded": N_("The recording of a call was stored"),
    "call.recording_failed": N_("The recording of a call could not be fetched"),
    "call.heard": N_("Heard the recording of a call"),
    "call.recording_deleted": N_("The recording of a call was deleted"),
    "call.written_up": N_("Wrote up the call"),
    "call.next_step": N_("What was promised on the telephone is due"),
    "callback.attempt": N_("Follow-up call: %(contact)s"),
    "callback.rated": N_("Follow-up call: %(contact)s, %(score)s"),
    "promise.warned": N_("“%(promise)s”: %(level)s %% of the time is used; told the %(told)s"),
    "promise.recounted": N_(
        "“%(promise)s”: the calendar was edited; due %(due)s instead of %(was)s"
    ),
    "promise.breached": N_("“%(promise)s” is overdue (%(level)s %%); told the %(told)s"),
    "promise.passed": N_("“%(promise)s”: %(level)s %% of the time was used on %(step_due_at)s"),
    "staff.concerned": N_("Told %(who)s, on the page and by mail: %(what)s"),
    "staff.told": N_("Told %(who)s (%(role)s) by mail: “%(promise)s”, %(level)s %%"),
}
SIGNS = {  # by the drawing; all else is ticked off
    "plus": ("ticket.opened",),
    "route": ("ticket.dispatch", "ticket.transfer"),
    "send": ("ticket.answer_directly", "ticket.reply", "message.staff"),
    "player-pause": ("ticket.hold",),
    "player-play": ("ticket.resume",),
    "circle-check": ("ticket.close",),
    "arrow-back-up": ("ticket.reopen", "ticket.unsend"),
    "arrow-merge": ("ticket.merge", "ticket.merged_in"),
    "pencil": ("ticket.edited",),
    "eye-off": ("ticket.sealed",),
    "eye": ("ticket.confidentiality_lifted",),
    "bell": ("ticket.urged", "staff.concerned", "staff.told"),
    "user": ("ticket.linked",),
    "mail": ("ticket.reply_to",),
    "shield-check": ("ticket.proven",),
    "star": ("ticket.rated", "call.judged"),
    "microphone": ("call.recorded", "call.heard"),
    "message-2": ("message.customer",),
    "lock": ("message.note",),
    "alert-circle": ("mail.lost", "promise.breached"),
    "phone-call": ("callback.attempt", "call.answered"),
    "alert-triangle": ("promise.warned",),
    "calendar-event": ("promise.recounted",),
}
SIGN_OF = {name: drawing for drawing, names in SIGNS.items() for name in names}


def told(event: Noted) -> str:
    """The event as a sentence: who did it and when stand beside it."""
    data = {name: word(name, value) for name, value in event.data.items()}
    data = _Known(data | {"changes": changes(event)})
    sentence = SENTENCES.get(_name(event), N_("Noted: %(name)s"))
    return gettext(sentence) % (data | {"name": event.name})


def comment(event: Noted) -> str:
    """The reason that was given with it."""
    words = str(event.data.get("comment") or event.data.get("words") or "")
    return gettext(words) if words and event.by_kind == "system" else words


def sign(event: Noted) -> str:
    """The drawing beside the sentence."""
    return SIGN_OF.get(event.name, "check")


def _name(event: Noted) -> str:
    data = event.data
    if event.name == "ticket.assign" and not data.get("assignee"):
        return "ticket.unassign"
    if event.name == "ticket.handed_on" and not data.get("assignee"):
        return "ticket.handed_back"
    if event.name == "message.customer" and data.get("automatic"):
        return "message.automatic"
    if event.name in ("promise.warned", "promise.breached") and not data.get("told"):
        return "promise.passed"  # found later than a higher step, so nobody was told of it
    if event.name == "callback.attempt" and data.get("score"):
        return "callback.rated"
    return event.name


class _Known(dict[str, Any]):
    """Values for a sentence; what an old entry does not have is told as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"

    def __or__(self, other: Mapping[str, Any]) -> _Known:  # type: ignore[override]
        return _Known({**self, **other})


def word(name: str, value: Any) -> str:
    """A value of an event's data as people say it."""
    say = WORDS.get(name)
    return say(value) if say and value not in (None, "") else str(value)


def _named(names: Mapping[Any, str]) -> Callable[[Any], str]:
    return lambda value: gettext(names[value]) if value in names else str(value)


def _moment(value: Any) -> str:
    try:
        return when(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


def _people(value: Any) -> str:
    return gettext(", ").join(gettext(ROLE_NAMES.get(role, role)) for role in str(value).split(","))


def _unit(value: Any) -> str:
    found = in_force.current().unit(str(value))
    return found.names[language()] if found else str(value)


WORDS: dict[str, Callable[[Any], str]] = {
    **{name: BY_COLUMN[name].said for name in ("kind", "channel", "severity")},
    "department": _unit,
    "from_department": _unit,
    "until": _moment,
    "due": _moment,
    "was": _moment,
    "promise": _named(PROMISE_NAMES),
    "told": _people,
    "role": _people,
    "step_due_at": _moment,
    "planned_at": _moment,
    "contact": _named(CONTACTS),
    "how": _named(PROOFS),
    "score": _named(SCORES),
    "what": _named(news.WORDS),
}


def changes(event: Noted) -> str:
    """Old and new of each field that was corrected: 'Severity: Normal → Urgent'."""
    return gettext("; ").join(
        f"{_field(name)}: {_value(name, old)} → {_value(name, new)}"
        for name, (old, new) in event.data.get("changed", {}).items()
    )


def corrected(event: Noted) -> str:
    """'Severity: High → Minor by Li Na on 3 March 10:20, planned anew. Reason: ...'"""
    return gettext(
        "%(changes)s by %(name)s on %(at)s, planned anew. Reason: %(reason)s",
        changes=changes(event),
        name=event.by_name,
        at=when(event.at),
        reason=event.data.get("comment") or gettext("none given"),
    )


def _field(name: str) -> str:
    known = casefile.BY_CODE.get(name) or BY_COLUMN.get(name)
    return gettext(known.label) if known else name


def _value(name: str, value: Any) -> str:
    if value in (None, ""):
        return gettext("empty")
    if name in BY_COLUMN:
        return BY_COLUMN[name].said(value)
    return gettext(casefile.shown(name, str(value)))
