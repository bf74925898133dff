"""What a case may be."""

from __future__ import annotations

from enum import StrEnum

from helpdesk.core.i18n import N_


class Kind(StrEnum):
    """What a ticket is; a report of wrongdoing is not a complaint."""

    COMPLAINT = "complaint"
    REQUEST = "request"
    ENQUIRY = "enquiry"
    SUGGESTION = "suggestion"
    PRAISE = "praise"
    REPORT = "report"


KIND_NAMES = {
    Kind.COMPLAINT: N_("Complaint"),
    Kind.REQUEST: N_("Service request"),
    Kind.ENQUIRY: N_("Enquiry"),
    Kind.SUGGESTION: N_("Suggestion"),
    Kind.PRAISE: N_("Praise"),
    Kind.REPORT: N_("Report of wrongdoing"),
}
