"""Which cases of a long walk the quick run tries: --thorough, and a run that names the file, try all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

# Verbs that between them open, answer, join, revive and go on: a walk over all of them begins with these.
FEW_VERBS = ("open_ticket", "reply", "merge", "reopen", "end_hold")


def few(cases: Iterable[Any], *quick: Any) -> list[Any]:
    """The cases for `parametrize`; those that are not among `quick` are marked thorough.

    Raises ValueError for a quick case that is not there, so that a renamed one is noticed.
    """
    every = list(cases)
    if gone := [each for each in quick if each not in every]:
        raise ValueError(f"not among the cases: {gone}")
    return [
        each if each in quick else pytest.param(each, marks=pytest.mark.thorough) for each in every
    ]
