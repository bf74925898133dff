"""What a case may be."""

from __future__ import annotations

from helpdesk.core.i18n import N_
from helpdesk.core.named import Named


class Kind(Named):
    """What a ticket is; a report of wrongdoing is not a complaint."""

    COMPLAINT = "complaint", N_("Complaint")
    REQUEST = "request", N_("Service request")
    ENQUIRY = "enquiry", N_("Enquiry")
    SUGGESTION = "suggestion", N_("Suggestion")
    PRAISE = "praise", N_("Praise")
    REPORT = "report", N_("Report of wrongdoing")


KIND_NAMES = Kind.names()
