"""A word of its own in every text of the house, and none of them outside.

The texts are the columns of the tables themselves, so a new one must be told apart before it is used.
Outside are the pages that need no sign-in, the customer's page with its files, the public knowledge
base and its search, and every letter to a customer: words, subject, headers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.notify.models import Envelope
from helpdesk.tickets import actions, callbacks, queries
from helpdesk.tickets.models import Attachment, Ticket
from tests.help import factories as make
from tests.help.secrecy import doors
from tests.help.secrecy.columns import INSIDE_WHERE, classes
from tests.help.secrecy.world import PLAIN, World, as_text, text_file

CANARY = re.compile(r"CANARY[a-z_]+Z[a-z_]+")


SHAPED = {"ticket.route_reason": '[["words", "%s"]]'}  # texts that are read as something


def texts() -> dict[str, sa.Column]:
    """Every column that holds words: text, and the JSON in which words may stand."""
    return {
        f"{table.name}.{column.name}": column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.String | sa.JSON) or "Json" in type(column.type).__name__
    }


def word(name: str) -> str:
    """The canary of a column; it stands in no other."""
    table, _dot, column = name.partition(".")
    return f"CANARY{table}Z{column}"


def _put(name: str, column: sa.Column) -> None:
    """Write the canary into every row of a column (a key stays different from row to row)."""
    table, where = column.table, sa.text(INSIDE_WHERE.get(name, "1 = 1"))
    if isinstance(column.type, sa.String):
        value: object = SHAPED.get(name, "%s") % word(name)
        if column.unique or column.primary_key:
            value = sa.literal(word(name)) + sa.cast(table.c.id, sa.String)
        db.session.execute(table.update().where(where).values({column.name: value}))
        return
    for row in db.session.execute(select(*table.primary_key, column).where(where)).all():
        *key, old = row
        fresh = (
            {**old, "comment": word(name), "root_cause": word(name)}
            if isinstance(old, dict)
            else [word(name)]
        )
        mine = [part == value for part, value in zip(table.primary_key, key, strict=True)]
        db.session.execute(table.update().where(*mine).values({column.name: fresh}))


def inside() -> list[str]:
    return [name for name, kind in classes().items() if kind == "inside" or name in INSIDE_WHERE]


@pytest.fixture(scope="module")
def house(world: World) -> World:
    """The company with a canary in every text of the house, and letters to the customer after that."""
    boss = world.people["supervisor"].actor
    own = db.session.get_one(Ticket, world.tickets["own"].id)
    actions.add_assist(
        own, by=boss, department_id=world.people["assisting"].department_id or 0, task="x"
    )
    actions.sign(own, by=boss)
    actions.handle(own, by=boss)
    actions.hold(own, by=boss, comment="x", until=now() + timedelta(days=2))
    actions.resume(own, by=boss)
    actions.edit(own, by=boss, facts={"root_cause": "x"}, severity="S2", reason="x")
    actions.add_customer_message(
        own, by=make.CUSTOMER, body="Here", channel="web", files=text_file("theirs.txt", "x")
    )
    with transaction():
        columns = texts()
        for name in inside():
            _put(name, columns[name])
    _letters(own, world)
    return world


def _letters(own: Ticket, world: World) -> None:
    """Every kind of letter that a customer gets, written after the canaries were put in."""
    boss = world.people["supervisor"].actor
    db.session.expire_all()
    actions.send_message(own, by=boss, body="We are on it.", files=text_file("ours.txt", "y"))
    actions.reply(own, by=boss, body="It is mended.")
    actions.approve(own, by=boss)
    callbacks.attempt(
        own, by=world.people["agent"].actor, contact="reached", resolved="yes", result=5
    )
    actions.edit(
        own,
        by=boss,
        facts={
            "root_cause": word("ticket.facts"),
            "validity": "valid",
            "cause_code": "material",
            "remedy": "x",
        },
    )
    actions.close(own, by=boss)
    refused = make.ticket(person=PLAIN, subject="Another")
    actions.decline(refused, by=boss, comment="Not ours, sorry.")
    deliver_due(limit=500)


def said(house: World) -> Iterable[tuple[str, str]]:
    """(door, words) of everything that leaves the house."""
    for who in ("nobody", "customer"):
        for door, _status, text in doors.pages(house, who):
            yield f"{who} {door}", text
    browser = house.browser("customer")
    number = house.tickets["own"].number
    for key in db.session.scalars(select(Attachment.key).where(Attachment.public)):
        yield "file", as_text(browser.get(f"/track/{number}/files/{key}"))
    found = house.app.test_client().get(
        "/api/v1/kb/search?q=CANARY", headers=house.headers["agent"]
    )
    yield "search", as_text(found.json)
    for mail in db.session.scalars(select(Envelope).where(Envelope.recipient == PLAIN.email)):
        sent = {name: value for name, value in vars(mail).items() if name not in ("error", "state")}
        yield f"mail {mail.purpose}", json.dumps(sent, default=str)


def test_every_text_of_the_database_is_told_apart(world: World) -> None:
    """A new column: put it into tests/help/secrecy/columns.py, inside the house or plain."""
    known, there = set(classes()), set(texts())
    assert there - known == set(), "columns that nobody has told apart"
    assert known - there == set(), "columns that are no more"
    assert set(INSIDE_WHERE) <= there


def test_no_word_of_the_house_is_said_outside(house: World) -> None:
    escaped = {(door, each) for door, text in said(house) for each in CANARY.findall(text)}
    assert escaped == set()


def test_the_letters_and_pages_that_were_looked_at_are_all_kinds_there_are(house: World) -> None:
    looked_at = {door for door, _text in said(house)}
    assert {"mail answer", "mail receipt", "mail refusal", "mail survey", "file"} <= looked_at
    assert {"customer /track/<number>", "nobody /kb/<code>", "nobody /new"} <= looked_at


def test_the_canaries_are_in_the_house(house: World) -> None:
    """The words really stand there: a colleague reads those of the most important ones."""
    said_inside = "".join(text for _door, _status, text in doors.pages(house, "agent"))
    for name in (
        "message.body",
        "assist.task",
        "person.note",
        "notice.problem",
        "article.body_en",
        "ticket.route_reason",
    ):
        assert word(name) in said_inside, name


def test_a_canary_that_is_let_out_is_heard(house: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        whole = queries.conversation
        patch.setattr(queries, "conversation", lambda ticket, public_only=False: whole(ticket))
        escaped = {each for _door, text in said(house) for each in CANARY.findall(text)}
    assert word("message.body") in escaped
