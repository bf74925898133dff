"""The languages of the house."""

from __future__ import annotations

from helpdesk.core.i18n import N_

LANGUAGES = {"zh_Hans": N_("Chinese"), "en": N_("English")}
