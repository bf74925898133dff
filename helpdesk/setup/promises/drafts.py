"""Tables of many like fields, read from a request and shown again with what was wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.core.given import whole
from helpdesk.promises import policy
from helpdesk.promises.policy import Terms
from helpdesk.promises.words import OWNER_NAMES, POLICY_NAMES
from helpdesk.web.corrections import Beside, beside
from helpdesk.words import SEVERITIES

MOST_SPECIAL = 200
SPECIAL = re.compile(r"special-(\d{1,4})-[a-z_]+")
FIELDS = ("promise", "severity", "kind", "category_id", "channel", "limit", "owner", "chain")


@dataclass
class PolicyDraft:
    """An edition as it stands in the form: every field by its name, and errors by row."""

    fields: dict[str, str]
    special: int  # how many special rows there are, the empty one at the end included
    errors: dict[str, str] = field(default_factory=dict)
    beside: dict[str, Beside] = field(default_factory=dict)  # what a faster colleague has saved

    @property
    def note(self) -> str:
        """Why there is a new edition."""
        return self.fields.get("note", "")

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


def of_lines(lines: list[Terms]) -> PolicyDraft:
    """The draft that shows an edition as it is."""
    fields: dict[str, str] = {}
    for line in (line for line in lines if line.plain):
        fields[f"{line.promise}-{line.severity}-limit"] = line.limit
        fields[f"{line.promise}-{line.severity}-chain"] = line.chain
        fields[f"{line.promise}-owner"] = line.owner
    special = [line for line in lines if not line.plain and not line.profile]
    for place, line in enumerate(special):
        for name in FIELDS:
            fields[f"special-{place}-{name}"] = str(getattr(line, name) or "")
    return PolicyDraft(fields, len(special) + 1)


def show_beside(draft: PolicyDraft, theirs: PolicyDraft, edition: int) -> None:
    """Put what is in force beside what was typed, which is now meant as a change of that edition."""
    gone = {name: "" for name, typed in draft.fields.items() if typed and name.endswith("-limit")}
    gone |= {f"special-{place}-promise": "" for place in range(draft.special)}
    draft.beside = beside(draft.fields, gone | theirs.fields)
    draft.special = max(draft.special, theirs.special)
    draft.fields["based_on"] = str(edition)


def of_form(form: Mapping[str, str]) -> PolicyDraft:
    """The draft as it was sent."""
    fields = {name: value.strip() for name, value in form.items()}
    last = max((place for name in fields if (place := _place(name)) is not None), default=-1)
    return PolicyDraft(fields, last + 1)


def _place(name: str) -> int | None:
    """Which special row a field belongs to; rows that no page has made are passed over."""
    found = SPECIAL.fullmatch(name)
    place = int(found[1]) if found else MOST_SPECIAL
    return place if place < MOST_SPECIAL else None


def lines_of(draft: PolicyDraft) -> dict[str, Terms]:
    """The rows of a draft, each under the name of the field where its error is shown."""
    rows = {
        f"{promise}-{severity}-limit": Terms(
            promise=promise,
            severity=severity,
            limit=draft[f"{promise}-{severity}-limit"],
            chain=draft[f"{promise}-{severity}-chain"] or "standard",
            owner=draft[f"{promise}-owner"] or next(iter(OWNER_NAMES)),
        )
        for promise in POLICY_NAMES
        for severity in SEVERITIES
        if draft[f"{promise}-{severity}-limit"]
    }
    for place in range(draft.special):
        name = f"special-{place}"
        if draft[f"{name}-promise"] and not draft[f"{name}-remove"]:
            rows[name] = _special(draft, name)
    return rows


def _special(draft: PolicyDraft, name: str) -> Terms:
    typed: dict[str, Any] = {each: draft[f"{name}-{each}"] for each in FIELDS}
    return Terms(**typed | {"category_id": whole(typed["category_id"])})


@dataclass
class StepText:
    """One step of a chain as it stands in the form."""

    at: str
    tell: tuple[str, ...]


def steps_of_chain(steps: list[dict[str, Any]]) -> list[StepText]:
    """The steps as they are stored."""
    return [StepText(str(step["at"]), tuple(step["tell"])) for step in steps]


def steps_of_form(ats: list[str], tells: Mapping[int, list[str]]) -> list[StepText]:
    """The steps that were sent; a step without a share and without people is left out."""
    steps = [StepText(at.strip(), tuple(tells.get(place, ()))) for place, at in enumerate(ats)]
    return [step for step in steps if step.at or step.tell]


def levels_of(steps: list[StepText]) -> list[policy.ChainStep]:
    """The steps as the verb wants them; a share that is no number becomes 0, which it refuses."""
    return [
        policy.ChainStep(int(step.at) if step.at.isdecimal() and len(step.at) < 6 else 0, step.tell)
        for step in steps
    ]
