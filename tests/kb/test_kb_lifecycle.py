"""Draft, review, published, expired; every state, move and role is walked."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask

from helpdesk.agents.rights import STAFF, Actor, Role, may
from helpdesk.core.db import db
from helpdesk.core.errors import BadInput, HelpdeskError, NotAllowed, Refused
from helpdesk.kb import actions, lifecycle
from helpdesk.kb.lifecycle import TABLE, Stand, State
from helpdesk.kb.models import Article
from tests.help import articles as samples
from tests.help import values

STANDS = [
    Stand("draft", False),
    Stand("draft", True),
    Stand("review", False),
    Stand("review", True),
    Stand("published", True),
    Stand("expired", False),
]
# The table once more, by hand: what each stand permits and where it leads.
LEGAL = {
    ("draft", False): {"submit": "review"},
    ("draft", True): {"submit": "review", "discard": "published", "withdraw": "draft"},
    ("review", False): {"publish": "published", "send_back": "draft"},
    ("review", True): {
        "publish": "published",
        "send_back": "draft",
        "discard": "published",
        "withdraw": "review",
    },
    ("published", True): {"revise": "draft", "expire": "expired"},
    ("expired", False): {"revise": "draft"},
}
LEADING = {"publish", "expire", "withdraw"}
ROLES = [*STAFF, Role.CUSTOMER]


def actor(role: Role) -> Actor:
    return Actor(kind="agent", id=950, name="Li Na", role=role)


def standing(stand: Stand) -> Article:
    """An article that stands like this, walked there by the verbs."""
    if not stand.live:
        return samples.article(state=stand.status)
    article = samples.article()
    if stand.status != State.PUBLISHED:
        article = actions.revise(article, by=samples.WRITER)
    if stand.status == State.REVIEW:
        article = actions.submit(article, by=samples.WRITER)
    return article


def is_allowed(role: Role, move: str) -> bool:
    leads = {Role.SUPERVISOR, Role.ADMIN}
    writes = leads | {Role.AGENT, Role.HANDLER}
    return role in (leads if move in LEADING else writes)


@pytest.mark.parametrize("stand", STANDS, ids=str)
@pytest.mark.parametrize("role", ROLES)
def test_the_offered_moves_are_those_of_the_table(stand: Stand, role: Role) -> None:
    legal = LEGAL[stand.status, stand.live]
    offered = [move.code for move in TABLE.moves(stand, actor(role))]
    assert sorted(offered) == sorted(code for code in legal if is_allowed(role, code))


@pytest.mark.parametrize("stand", STANDS, ids=str)
def test_what_the_table_does_not_permit_changes_nothing(app: Flask, stand: Stand) -> None:
    """Every move with every role that is not in the table is refused, in every state."""
    legal = LEGAL[stand.status, stand.live]
    article = standing(stand)
    before = (article.status, article.live, article.version)
    for code, role in itertools.product(TABLE.codes, ROLES):
        if code in legal and is_allowed(role, code):
            continue
        expected = Refused if is_allowed(role, code) else NotAllowed
        with pytest.raises(expected):
            actions.move(code, article, by=actor(role), comment="a reason")
        db.session.refresh(article)
        assert (article.status, article.live, article.version) == before


LEGAL_STEPS = [
    (stand, code, role)
    for stand in STANDS
    for code in LEGAL[stand.status, stand.live]
    for role in STAFF
    if is_allowed(role, code)
]


@pytest.mark.parametrize(("stand", "code", "role"), LEGAL_STEPS, ids=str)
def test_every_legal_step_leads_where_the_table_says(
    app: Flask, stand: Stand, code: str, role: Role
) -> None:
    article = standing(stand)
    moved = actions.move(code, article, by=actor(role), comment="a reason")
    assert moved.status == LEGAL[stand.status, stand.live][code]
    published = code in ("publish", "discard") or (stand.live and code not in LEADING)
    assert (moved.live is not None) == published


@pytest.mark.parametrize("code", sorted(move.code for move in TABLE if "comment" in move.needs))
def test_a_step_that_takes_something_away_needs_a_reason(app: Flask, code: str) -> None:
    stand = next(Stand(*key) for key, legal in LEGAL.items() if code in legal)
    article = standing(stand)
    with pytest.raises(BadInput) as refused:
        actions.move(code, article, by=actor(Role.ADMIN), comment="  ")
    assert set(refused.value.errors) == {"comment"}
    assert article.status == stand.status


def test_only_what_is_taken_away_or_sent_back_needs_a_reason() -> None:
    assert {move.code for move in TABLE if "comment" in move.needs} == {
        "send_back",
        "expire",
        "withdraw",
    }


@pytest.mark.parametrize("stand", STANDS, ids=str)
def test_the_step_that_usually_comes_next_is_drawn_first(stand: Stand) -> None:
    first = [move.code for move in TABLE.moves(stand, actor(Role.ADMIN)) if move.main]
    assert first == {"draft": ["submit"], "review": ["publish"]}.get(stand.status, [])


def test_an_unknown_step_is_refused(app: Flask) -> None:
    with pytest.raises(Refused):
        actions.move("burn", samples.article(), by=samples.REVIEWER)


def test_the_verbs_and_the_table_name_the_same_moves() -> None:
    assert set(actions.EFFECTS) < set(TABLE.codes)
    assert [getattr(actions, code).args for code in TABLE.codes] == [
        (each,) for each in TABLE.codes
    ]


def test_auditors_read_and_change_nothing(app: Flask) -> None:
    auditor = actor(Role.AUDITOR)
    assert may(auditor, "article.read")
    with pytest.raises(NotAllowed):
        actions.edit(samples.article(state="draft"), samples.draft(), by=auditor)
    with pytest.raises(NotAllowed):
        actions.create(samples.draft(), by=auditor)


def test_no_two_moves_of_one_stand_share_a_key() -> None:
    for stand, role in itertools.product(STANDS, STAFF):
        keys = [move.key for move in TABLE.moves(stand, actor(role)) if move.key]
        assert len(keys) == len(set(keys))


def test_whoever_wrote_it_cannot_publish_it(app: Flask) -> None:
    article = samples.article(state="review")
    writer = Actor(kind="agent", id=samples.WRITER.id, name="Zhang Wei", role=Role.SUPERVISOR)
    with pytest.raises(HelpdeskError) as refused:
        actions.publish(article, by=writer)
    assert refused.value.code == "own_version"
    assert actions.publish(article, by=samples.REVIEWER).reviewer_name == "Chen Jie"


def test_whoever_wrote_a_part_of_the_new_version_cannot_publish_it(app: Flask) -> None:
    article = samples.article(state="draft")
    article = actions.edit(article, samples.draft(title_en="Mine"), by=samples.REVIEWER)
    article = actions.edit(article, samples.draft(title_en="Last"), by=samples.WRITER)
    article = actions.submit(article, by=samples.WRITER)
    with pytest.raises(Refused):
        actions.publish(article, by=samples.REVIEWER)


def test_whoever_wrote_an_older_version_may_publish_the_next(app: Flask) -> None:
    author = Actor(kind="agent", id=903, name="Li Na", role=Role.SUPERVISOR)
    article = samples.article(writer=author)
    article = actions.revise(article, by=samples.WRITER)
    article = actions.edit(article, samples.draft(title_en="New"), by=samples.WRITER)
    article = actions.submit(article, by=samples.WRITER)
    assert actions.publish(article, by=author).title_en == "New"


def test_a_row_of_the_table_and_the_stand_of_an_article_do_not_change() -> None:
    assert values.changeable(lifecycle) == set()
