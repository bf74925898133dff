"""What happened to a notice, in words: one sentence for each kind of event."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from helpdesk.core.events import Event
from helpdesk.core.i18n import N_, P_, gettext
from helpdesk.notices.clock import STEP_NAMES
from helpdesk.notices.fields import ORDER
from helpdesk.tickets.history_words import word

# event -> sentence, icon. %(names)s come from the event's data, put into words by word() and _filled().
SENTENCES = {
    "notice.draft": (N_("Drafted"), "pencil"),
    "notice.edit": (P_("history", "Changed"), "edit"),
    "notice.approve": (N_("Approved"), "checks"),
    "notice.issue": (N_("Issued as %(number)s"), "send"),
    "notice.sign": (N_("Signed for by the department"), "signature"),
    "notice.object": (N_("Objected to by the department"), "hand-stop"),
    "notice.uphold": (N_("Objection upheld; the notice is revoked"), "gavel"),
    "notice.overrule": (N_("Objection refused; the notice stands"), "gavel"),
    "notice.contain": (N_("Immediate measure reported"), "shield-check"),
    "notice.submit_plan": (N_("Plan submitted, to be done by %(planned_at)s"), "list-check"),
    "notice.start": (N_("Work begun"), "tools"),
    "notice.accept_plan": (N_("Plan accepted"), "check"),
    "notice.reject_plan": (N_("Plan sent back"), "arrow-back-up"),
    "notice.claim_done": (N_("Reported as done; awaits re-inspection"), "clipboard-check"),
    "notice.ask_extension": (N_("More time asked for, until %(until)s"), "hourglass"),
    "notice.grant_extension": (N_("More time granted, until %(until)s"), "hourglass"),
    "notice.refuse_extension": (N_("More time refused"), "hourglass"),
    "notice.verify_pass": (N_("Re-inspection passed"), "circle-check"),
    "notice.verify_partial": (N_("Re-inspection passed in part"), "progress-check"),
    "notice.verify_fail": (N_("Re-inspection failed"), "circle-x"),
    "notice.watch": (N_("Its effect is watched until %(until)s"), "eye"),
    "notice.rework": (N_("Round %(round)s begins, due %(until)s; told: %(told)s"), "refresh"),
    "notice.replan": (
        N_("Round %(round)s begins with a new plan, due %(until)s; told: %(told)s"),
        "refresh",
    ),
    "notice.close_watch": (N_("Closed out"), "archive"),
    "notice.suspected": (
        N_("The watch is over, but similar complaints came in: %(tickets)s; a supervisor decides"),
        "alert-triangle",
    ),
    "notice.recur": (N_("It happened again; a graver notice was drafted"), "alert-triangle"),
    "notice.withdraw": (N_("Revoked"), "ban"),
    "notice.handed_on": (N_("Handed on from %(who)s"), "user-check"),
    "notice.warned": (N_("%(step)s: %(level)s %% of the time is used; told: %(told)s"), "bell"),
    "notice.breached": (
        N_("%(step)s is overdue (%(level)s %% of the time); told: %(told)s"),
        "alert-circle",
    ),
    "notice.passed": (N_("%(step)s: %(level)s %% of the time was used on %(step_due_at)s"), "bell"),
}


@dataclass(frozen=True)
class Happening:
    """One line of the history."""

    seq: int
    at: datetime
    text: str
    symbol: str
    who: str
    words: str


def happenings(events: Iterable[Event]) -> list[Happening]:
    """The history in the reader's language; events that say nothing to people are left out."""
    return [_happening(event) for event in events if event.name in SENTENCES]


def _happening(event: Event) -> Happening:
    sentence, symbol = SENTENCES[_saying(event)]
    text = gettext(sentence)
    if "%" in text:
        text = text % _filled(event)
    who = gettext("System") if event.by_kind == "system" else event.by_name
    return Happening(event.seq, event.at, text, symbol, who, _words(event))


def _saying(event: Event) -> str:
    if event.name in ("notice.warned", "notice.breached") and not event.data.get("told"):
        return "notice.passed"  # found later than a higher step, so nobody was told of it
    return event.name


def _words(event: Event) -> str:
    """What a person wrote with it, or which fields were changed."""
    if event.name == "notice.edit":
        names = [gettext(ORDER[name]) for name in event.data.get("changed", ())]
        return gettext("Fields: %(names)s", names=gettext(", ").join(names)) if names else ""
    said = event.data.get("comment") or event.data.get("containment") or event.data.get("plan")
    return gettext(str(said)) if event.by_kind == "system" and said else str(said or "")


def _filled(event: Event) -> dict[str, object]:
    data: dict[str, object] = {name: word(name, said) for name, said in event.data.items()}
    step = event.data.get("step")
    listed = gettext(", ").join(event.data.get("tickets", ()))
    return data | {"step": gettext(STEP_NAMES[step]) if step else "", "tickets": listed}
