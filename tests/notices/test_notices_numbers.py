"""Numbers without gap or twin, whoever issues at the same moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from flask import Flask

from helpdesk.clock import moved_to
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import HelpdeskError, Refused
from helpdesk.notices import actions
from helpdesk.notices.models import Notice
from tests.help import notices as sample
from tests.help.notices import Cast, cast


def approved(who: Cast) -> Notice:
    return actions.approve(sample.drafted(who), by=who.supervisor)


def serials() -> list[int]:
    query = db.select(Notice.serial).where(Notice.serial.is_not(None)).order_by(Notice.serial)
    return list(db.session.scalars(query))


def test_issues_at_the_same_moment_have_no_gap_and_no_twin(app: Flask) -> None:
    """Every third issue is rolled back after its number was drawn."""
    who = cast()
    ids = [approved(who).id for _each in range(12)]
    db.session.remove()
    barrier, failures = threading.Barrier(4), []

    def work(own: list[int]) -> None:
        with app.app_context():
            barrier.wait()
            for place, notice_id in enumerate(own):
                try:
                    _issue(notice_id, who, fail=place == 1)
                except HelpdeskError as error:
                    failures.append(error)
            db.session.remove()

    threads = [threading.Thread(target=work, args=(ids[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 4
    assert serials() == list(range(1, 9))


def _issue(notice_id: int, who: Cast, fail: bool) -> None:
    with transaction() as session:
        actions.issue(session.get_one(Notice, notice_id), by=who.supervisor)
        if fail:
            raise Refused("too late")


def test_a_notice_to_many_departments_is_issued_to_all_or_to_none(app: Flask) -> None:
    """A failure in the middle takes every number back."""
    who = cast()
    group = [approved(who) for _each in range(5)]
    broken = [*group[:3], sample.drafted(who), *group[3:]]
    with pytest.raises(Refused):
        actions.issue_all(broken, by=who.supervisor)
    assert serials() == []
    actions.issue_all(group, by=who.supervisor)
    assert serials() == [1, 2, 3, 4, 5]


def test_every_year_begins_at_one_by_the_local_calendar(app: Flask) -> None:
    who = cast()
    with moved_to(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)):
        last = actions.issue(approved(who), by=who.supervisor)
    with moved_to(datetime(2026, 12, 31, 16, 0, tzinfo=UTC)):
        first = actions.issue(approved(who), by=who.supervisor)
    assert (last.number, first.number) == ("质整〔2026〕1号", "质整〔2027〕1号")


def test_a_notice_is_issued_once(app: Flask) -> None:
    who = cast()
    notice = actions.issue(approved(who), by=who.supervisor)
    with pytest.raises(Refused):
        actions.issue(notice, by=who.supervisor)
    assert serials() == [1]
