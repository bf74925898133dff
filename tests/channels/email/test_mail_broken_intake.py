"""Broken mails by chance: none raises, each has an outcome, and every byte is kept.

5,000 of them: benchmarks/mail_fuzz_intake.
"""

from __future__ import annotations

import pytest
from flask import Flask

from benchmarks import mail_fuzz_intake as mail_fuzz
from tests.help.stores import SHARED

pytestmark = pytest.mark.thorough

NUMBER = 200


def test_two_hundred_broken_mails_are_all_kept_and_each_has_an_outcome(app: Flask) -> None:
    """No crash; ticket, reply, filed, or waiting for a person; raw bytes kept."""
    mails = mail_fuzz.originals(SHARED / "fixtures/email")
    small = [raw for raw in mails if len(raw) < 100_000]
    found = [mail_fuzz.problem(raw)[0] for raw in mail_fuzz.broken(small, NUMBER, seed=7)]
    assert len(found) == NUMBER
    assert [each for each in found if each not in ("", "slow")] == []
