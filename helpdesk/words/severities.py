"""How grave a case is, the gravest first."""

from __future__ import annotations

from helpdesk.core.i18n import N_
from helpdesk.words.kinds import Kind

SEVERITIES = ("S1", "S2", "S3", "S4")
SEVERITY_NAMES = {
    "S1": N_("Critical"),
    "S2": N_("Urgent"),
    "S3": N_("Normal"),
    "S4": N_("Minor"),
}
KIND_SEVERITY = {
    Kind.COMPLAINT: "S3",
    Kind.REQUEST: "S3",
    Kind.REPORT: "S2",
    Kind.ENQUIRY: "S4",
    Kind.SUGGESTION: "S4",
    Kind.PRAISE: "S4",
}
