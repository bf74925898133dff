"""The fields of a notice, each once: its name for people, and what is said when it is missing. Pure."""

from __future__ import annotations

from helpdesk.core.i18n import N_

ORDER = {  # what the side writes that orders and checks
    "title": N_("Title"),
    "problem": N_("Problem"),
    "requirement": N_("Demand"),
    "basis": N_("Basis"),
    "check_method": N_("How it is checked"),
    "responsible": N_("Person responsible"),
    "cc": N_("Copy to"),
    "evidence": N_("Evidence"),
    "sanction": N_("Sanction"),
    "level": N_("Level"),
    "source": N_("Where it was found"),
    "department_id": N_("Responsible department"),
}
NEEDED = ("title", "problem", "requirement")
ANSWER = {  # what the department writes, in a round
    "containment": N_("Immediate measure"),
    "root_cause": N_("Root cause"),
    "plan": N_("Plan"),
    "correction": N_("Correction"),
    "corrective": N_("Corrective action"),
    "preventive": N_("Preventive action"),
    "horizontal_check": N_("Check of similar cases"),
    "evidence": N_("Evidence in words"),
}
LACKING = {
    "comment": N_("Please give a reason."),
    "title": N_("Please give a title."),
    "problem": N_("Please say what was found: time, place, what, how many."),
    "requirement": N_("Please say what must be put right."),
    "containment": N_("Please say what was done at once."),
    "root_cause": N_("Please give the root cause: ask why until nothing lies behind it."),
    "plan": N_("Please say what will be done."),
    "planned_at": N_("Please say when it will be done."),
    "correction": N_("Please say how this case was put right."),
    "corrective": N_("Please say what removes the cause."),
    "preventive": N_("Please say what keeps it from happening elsewhere."),
    "horizontal_check": N_("Please say where you looked for the same fault, and what you found."),
    "evidence": N_("Please attach a file as evidence, or describe the evidence."),
    "until": N_("Please say until when."),
    "re_due": N_("Please say until when the rest must be done."),
}
