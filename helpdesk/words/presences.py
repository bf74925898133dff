"""What a colleague on the queue may be."""

from __future__ import annotations

from helpdesk.core.i18n import N_

PRESENCES = {"ready": N_("Ready"), "busy": N_("Busy"), "away": N_("Away")}
