"""The business settings of helpdesk.core.options: what each means, its bounds, and how it is set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from helpdesk.agents.change import change
from helpdesk.agents.rights import Actor
from helpdesk.core import options
from helpdesk.core.errors import FILL, PICK, refuse
from helpdesk.core.i18n import N_
from helpdesk.setup.promises.actions import limit_problem
from helpdesk.web.corrections import require_seen
from helpdesk.words import KIND_NAMES
from helpdesk.words.casefile import BY_CODE

KINDS = {bool: "yes", int: "number", str: "text", list: "fields"}


@dataclass(frozen=True)
class Switch:
    """One setting, all that form, check, page and history know of it; `name` and `default` are what
    helpdesk.core.options keeps. A number lies between `least` and `most`."""

    name: str
    group: str
    default: Any
    label: str
    hint: str = ""
    least: int = 1
    most: int = 365
    choices: Mapping[Any, str] | None = None
    is_limit: bool = False

    @property
    def kind(self) -> str:
        """How it is asked for: number, yes, text, limit, choice (of `choices`) or fields."""
        if self.is_limit:
            return "limit"
        return "choice" if self.choices else KINDS[type(self.default)]


GROUPS = {
    "company": N_("Company"),
    "cases": N_("Cases"),
    "notices": N_("Rectification notices"),
    "doors": N_("Ways in"),
}
SWITCHES = (
    Switch("company_zh", "company", "", N_("Company name in Chinese")),
    Switch("company_en", "company", "", N_("Company name in English")),
    Switch(
        "second_factor_for_admins",
        "company",
        False,
        N_("Administrators need a second factor"),
        N_("Without one they can only set it up; everybody else may have one."),
    ),
    Switch(
        "required_to_close",
        "cases",
        ["validity", "cause_code", "root_cause", "remedy"],
        N_("Must be filled before a complaint is closed"),
        N_("The fields of the complaint handling form."),
    ),
    Switch(
        "urge_hours",
        "cases",
        24,
        N_("Hours between two urges"),
        N_("How long a customer waits before urging the same case again."),
        most=720,
    ),
    Switch(
        "reopen_days",
        "cases",
        30,
        N_("Days in which a closed case can be reopened"),
        N_("Later a new case is opened that names the old one."),
    ),
    Switch(
        "unmerge_hours",
        "cases",
        24,
        N_("Hours in which a merge can be undone"),
        N_("Both cases are then as before, with their clocks."),
        most=720,
    ),
    Switch(
        "repeat_days",
        "cases",
        30,
        N_("Days in which the same matter counts as a repeat"),
        N_("A repeated complaint begins one severity higher."),
    ),
    Switch(
        "offer_work",
        "cases",
        True,
        N_("Offer new work to whoever is ready"),
        N_("Without it, people take their work from the queue."),
    ),
    Switch(
        "undo_seconds",
        "cases",
        10,
        N_("Seconds in which an answer can be taken back"),
        N_("So long it waits before it goes out to the customer; 0 sends at once."),
        least=0,
        most=120,
    ),
    Switch("notice_prefix", "notices", "质整", N_("Letters before the number of a notice")),
    Switch(
        "notice_major_containment", "notices", "24 h", N_("Major: immediate measure"), is_limit=True
    ),
    Switch("notice_major_plan", "notices", "3 wd", N_("Major: cause and plan"), is_limit=True),
    Switch("notice_major_done", "notices", "10 wd", N_("Major: done, with proof"), is_limit=True),
    Switch("notice_minor_plan", "notices", "5 wd", N_("Minor: cause and plan"), is_limit=True),
    Switch("notice_minor_done", "notices", "15 wd", N_("Minor: done, with proof"), is_limit=True),
    Switch("notice_observation_done", "notices", "30 wd", N_("Observation: done"), is_limit=True),
    Switch("notice_check", "notices", "5 wd", N_("Verification after “done”"), is_limit=True),
    Switch(
        "notice_watch_days",
        "notices",
        60,
        N_("Days of watching after a notice is closed"),
        N_("If the problem comes back, the next notice names this one."),
        most=730,
    ),
    Switch(
        "form_per_hour",
        "doors",
        20,
        N_("Web forms per hour from one address"),
        N_("More are refused with a friendly sentence."),
        most=1000,
    ),
    Switch(
        "mail_kind",
        "doors",
        "complaint",
        N_("A mail begins as"),
        N_("People can change it when they read the mail."),
        choices=KIND_NAMES,
    ),
    Switch(
        "mail_copies",
        "doors",
        "one",
        N_("One mail to two of our mailboxes"),
        N_("With two tickets, each names the other in a note."),
        choices={"one": N_("makes one ticket"), "each": N_("makes a ticket in each")},
    ),
)
BY_NAME = {switch.name: switch for switch in SWITCHES}
options.declare({switch.name: switch.default for switch in SWITCHES})


def current() -> dict[str, Any]:
    """The value of every setting on the page."""
    return {switch.name: options.get(switch.name) for switch in SWITCHES}


def save(given: Mapping[str, Any], by: Actor, seen: str = "") -> None:
    """Change settings; names that are left out stay. `seen` is the mark of what the writer has read.

    Raises NotAllowed, Conflict, or BadInput with the field's sentence for each odd value.
    """
    with change("options", by) as making:
        options.hold()
        require_seen(seen, current())
        refuse({name: problem for name in given if (problem := _problem(name, given[name]))})
        old = {name: options.get(name) for name in given}
        changed = [name for name in given if old[name] != given[name]]
        for name in changed:
            options.put(name, given[name])
        making.old = {name: old[name] for name in changed}
        making.new = {name: given[name] for name in changed}


def _problem(name: str, value: Any) -> str:
    switch = BY_NAME.get(name)
    if switch is None:
        return PICK
    if switch.kind == "number" and not _is_within(value, switch):
        return N_("Please give a whole number in the bounds beside it.")
    if switch.kind == "limit":
        return FILL if not value else limit_problem(str(value))
    if switch.kind == "fields" and not set(value) <= set(BY_CODE):
        return PICK
    if switch.choices is not None and value not in switch.choices:
        return PICK
    if switch.kind == "text" and len(str(value)) > 80:
        return N_("This is too long: 80 characters at most.")
    return ""


def _is_within(value: Any, switch: Switch) -> bool:
    return type(value) is int and switch.least <= value <= switch.most
