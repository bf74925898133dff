"""The ways in, and which of them are by word of mouth."""

from __future__ import annotations

from helpdesk.core.i18n import N_

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
