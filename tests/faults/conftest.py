"""What the tests of kills and crashes share."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture
def small_heap() -> Iterator[None]:
    """What earlier tests left is not looked through at each boundary: it was most of their time."""
    gc.freeze()
    yield
    gc.unfreeze()
