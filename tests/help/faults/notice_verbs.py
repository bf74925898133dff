"""Every verb of rectification notices, each with what leads up to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from helpdesk.clock import now
from helpdesk.notices import actions
from helpdesk.notices.models import Notice
from tests.help import factories as make
from tests.help import notices as sample
from tests.help.faults.crashing import Work
from tests.help.faults.ticket_verbs import in_days, photo, rung_after
from tests.help.notices import Cast

WHY = "理由如下。"
Verb = Callable[[Notice, Cast], object]


def _planned(who: Cast) -> Notice:
    return sample.planned(who)


def _asked(who: Cast) -> Notice:
    notice = sample.working(who)
    return actions.ask_extension(notice, by=who.handler, comment=WHY, until=in_days(60))


def _objected(who: Cast) -> Notice:
    return actions.object_to(sample.issued(who), by=who.handler, comment=WHY)


def _approved(who: Cast) -> Notice:
    ticket = make.ticket()
    return actions.approve(sample.drafted(who, ticket), by=who.supervisor)


def _observed(who: Cast) -> Notice:
    return sample.signed(who, level="observation")


def _verify(result: str) -> Verb:
    due = None if result == "pass" else in_days(10)
    return lambda n, w: actions.verify(n, by=w.supervisor, result=result, comment=WHY, re_due=due)


VERBS: dict[str, tuple[Callable[[Cast], Notice], Verb]] = {
    "edit": (sample.drafted, lambda n, w: actions.edit(n, by=w.supervisor, title="新的标题")),
    "approve": (sample.drafted, lambda n, w: actions.approve(n, by=w.supervisor)),
    "issue": (_approved, lambda n, w: actions.issue(n, by=w.supervisor)),
    "withdraw": (
        sample.issued,
        lambda n, w: actions.withdraw(n, by=w.supervisor, comment=WHY),
    ),
    "sign": (sample.issued, lambda n, w: actions.sign(n, by=w.handler)),
    "object_to": (sample.issued, lambda n, w: actions.object_to(n, by=w.handler, comment=WHY)),
    "rule": (_objected, lambda n, w: actions.rule(n, by=w.supervisor, upheld=True, comment=WHY)),
    "rule (refused)": (
        _objected,
        lambda n, w: actions.rule(n, by=w.supervisor, upheld=False, comment=WHY),
    ),
    "contain": (
        sample.signed,
        lambda n, w: actions.contain(n, by=w.handler, containment="停用", files=photo()),
    ),
    "submit_plan": (sample.signed, lambda n, w: sample.plan(n, w)),
    "accept_plan": (_planned, lambda n, w: actions.accept_plan(n, by=w.supervisor)),
    "reject_plan": (
        _planned,
        lambda n, w: actions.reject_plan(n, by=w.supervisor, comment=WHY),
    ),
    "start": (_observed, lambda n, w: actions.start(n, by=w.handler)),
    "claim_done": (
        sample.working,
        lambda n, w: actions.claim_done(n, by=w.handler, **sample.DONE, files=photo()),
    ),
    "ask_extension": (
        sample.working,
        lambda n, w: actions.ask_extension(n, by=w.handler, comment=WHY, until=in_days(60)),
    ),
    "grant_extension": (_asked, lambda n, w: actions.grant_extension(n, by=w.supervisor)),
    "refuse_extension": (
        _asked,
        lambda n, w: actions.refuse_extension(n, by=w.supervisor, comment=WHY),
    ),
    "verify": (sample.claimed, _verify("pass")),
    "verify (partial)": (sample.claimed, _verify("partial")),
    "verify (fail)": (sample.claimed, _verify("fail")),
    "close_watch": (
        sample.watching,
        lambda n, w: actions.close_watch(n, by=w.supervisor, comment=WHY),
    ),
    "recur": (sample.watching, lambda n, w: actions.recur(n, by=w.supervisor, comment=WHY)),
}


def prepared(name: str) -> Work:
    """The verb on a notice that is ready for it."""
    before, verb = VERBS[name]
    who = sample.cast()
    notice = before(who)
    return lambda: verb(notice, who)


def _draft() -> Work:
    who = sample.cast()
    return lambda: sample.drafted(who, files=photo())


def _issued_at_once() -> Work:
    who = sample.cast()
    return lambda: actions.issue_at_once(
        by=who.supervisor,
        department_id=who.quality_id,
        title="冰箱反复维修未检漏",
        problem="三次上门记录均无检漏数据。",
        requirement="补做检漏，排查同批次。",
    )


def issue_to(count: int) -> Work:
    """One matter to so many departments at once."""
    who = sample.cast()
    drafts = []
    for number in range(count):
        unit = make.department(f"unit{number}", f"第{number}部", f"Unit {number}")
        draft = sample.drafted(replace(who, quality_id=unit.id))
        drafts.append(actions.approve(draft, by=who.supervisor))
    return lambda: actions.issue_all(drafts, by=who.supervisor)


def _drafted_for_all() -> Work:
    who = sample.cast()
    other = make.department("unit", "第一部", "Unit one")
    texts = {"title": "冰箱漏水", "problem": "三台同批次。", "requirement": "排查同批次。"}
    departments = (who.quality_id, other.id)
    return lambda: actions.draft_all(departments, by=who.supervisor, issue=True, **texts)


def _warn() -> Work:
    sample.issued(sample.cast(), level="major")
    return rung_after(24 * 30)


def _end_watch() -> Work:
    notice = sample.watching(sample.cast())
    assert notice.watch_until is not None
    return rung_after((notice.watch_until - now() + timedelta(hours=1)).total_seconds() / 3600)


OTHERS: dict[str, Callable[[], Work]] = {
    "draft": _draft,
    "draft_all": _drafted_for_all,
    "issue_at_once": _issued_at_once,
    "issue_all": lambda: issue_to(3),
    "ring": _warn,
    "end_watch": _end_watch,
}
