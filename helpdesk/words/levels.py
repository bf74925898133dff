"""How much a customer means to the house."""

from __future__ import annotations

from helpdesk.core.i18n import N_

LEVELS = {"plain": N_("Standard"), "silver": N_("Silver"), "gold": N_("Gold"), "vip": N_("VIP")}
