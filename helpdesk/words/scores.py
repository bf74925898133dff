"""What a follow-up call or a rating may say."""

from __future__ import annotations

from helpdesk.core.i18n import N_

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
