"""What a process has heard of its telephone system is handed in by whoever holds the lease."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from helpdesk.calls import exchange, taking_in
from helpdesk.calls.fields import read_events
from helpdesk.core.db import retrying
from helpdesk.core.errors import BadInput

log = logging.getLogger(__name__)


def hand_in(provider: str, fence: int, part: Sequence[dict[str, Any]]) -> None:
    """These events in one transaction; an odd one is left out, and the others are taken. Raises NotHolder
    when another process has taken over."""
    try:
        retrying(partial(_take, provider, fence, part))
    except BadInput as odd:
        if len(part) == 1:
            log.warning("An event was refused: %s %s", odd.errors, part[0])
            return
        for each in part:
            hand_in(provider, fence, [each])


def _take(provider: str, fence: int, part: Sequence[dict[str, Any]]) -> None:
    with exchange.guarded(provider, fence):
        taking_in.take(read_events(part))
