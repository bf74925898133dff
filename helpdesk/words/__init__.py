"""The words of the trade, pure: what a case may be, how it comes in, how grave it is, how it was liked."""

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
# The ways in, and which of them are by word of mouth.
CHANNELS = {
    "web": N_("Web form"),
    "phone": N_("Phone"),
    "email": N_("E-mail"),
    "api": N_("API"),
    "chat": N_("Chat"),
    "letter": N_("Letter"),
    "counter": N_("Counter"),
    "transfer": N_("Transfer from an authority"),
    "media": N_("Public post"),
}
SPOKEN = ("phone", "counter")  # a person has already acknowledged it
# How grave a case is, the gravest first.
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
# How much a customer means to the house.
LEVELS = {"plain": N_("Standard"), "silver": N_("Silver"), "gold": N_("Gold"), "vip": N_("VIP")}
# The languages of the house.
LANGUAGES = {"zh_Hans": N_("Chinese"), "en": N_("English")}
# What a follow-up call or a rating may say.
CONTACTS = {
    "reached": N_("Reached"),
    "no_answer": N_("No answer"),
    "wrong_number": N_("Wrong number"),
    "refused": N_("Did not want to talk"),
    "later": N_("Asked to call later"),
}
SCORES = {
    5: N_("Very satisfied"),
    4: N_("Satisfied"),
    3: N_("Basically satisfied"),
    2: N_("Dissatisfied"),
    1: N_("Very dissatisfied"),
}
RESOLVED = {"yes": N_("Yes"), "partly": N_("Partly"), "no": N_("No")}
# What a colleague on the queue may be.
PRESENCES = {"ready": N_("Ready"), "busy": N_("Busy"), "away": N_("Away")}
