"""A real Asterisk asks for advice by the dialplan of the docs, and does as it is told."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.serving import make_server

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import terms
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import Call, Interaction, PhoneLine, Stay
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import lines
from tests.help.ami_server import Begin, soon
from tests.help.calls import token
from tests.help.testbed import FOLDER, ROOT, Bed

pytestmark = [pytest.mark.telephony, pytest.mark.thorough]
DOCS = Path(__file__).parents[3] / "docs"
KNOWN = "+442071838750"


@pytest.fixture
def bed(app: Flask, shared: Path) -> Iterator[Bed]:
    """An exchange whose number 8010 asks this program."""
    tool = shared / FOLDER / "asterisk-testbed"
    if not tool.exists() or not (ROOT / "usr/sbin/asterisk").exists():
        pytest.skip("no Asterisk here: as root, run `asterisk-testbed install` beside the project")
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="pbx-", dir="/tmp") as folder:
        extra = Path(folder) / "extra"
        extra.mkdir()
        secret = token("supervisor")["Authorization"].removeprefix("Bearer ")
        stock = (shared / FOLDER / "etc" / "extensions.conf").read_text()
        known = f"[globals]\nHELPDESK = http://127.0.0.1:{server.port}\nHELPDESK_TOKEN = {secret}\n"
        number = "exten => 8010,1,Gosub(helpdesk-queue,complaints,1)\n same => n,Hangup()\n"
        plan = (DOCS / "helpdesk-dialplan.conf").read_text()
        stock = stock.replace("[globals]\n", known).replace(
            "[from-trunk]\n", f"[from-trunk]\n{number}"
        )
        (extra / "extensions.conf").write_text(f"{stock}\n{plan}")
        modules = (shared / FOLDER / "etc" / "modules.conf").read_text()
        (extra / "modules.conf").write_text(f"{modules}\nload = res_curl.so\nload = func_curl.so\n")
        made = Bed(tool, Path(folder) / "state", extra)
        yield made
        made.end()
    server.shutdown()


@pytest.fixture
def called(bed: Bed, begin: Begin) -> Callable[..., None]:
    """called(number): somebody calls 8010, and the program hears of it."""
    begin(using=bed.phone)
    return lambda number, *more: bed.calls(number, "--to", 8010, *more)


def seated(bed: Bed, extension: str, skills: str, penalty: int = 0, queue: bool = True) -> Agent:
    """An agent who is ready, as our tables and the exchange have it."""
    agent = lines.telephone(make.agent(f"Agent {extension}"), extension)
    with transaction() as session:
        session.get_one(PhoneLine, agent.id).paused = ""
        session.get_one(Agent, agent.id).skills = skills
        if queue:
            session.add(PhoneMember(agent_id=agent.id, queue="complaints", penalty=penalty))
    return agent


def customer(level: str = "plain") -> int:
    with transaction():
        asker = Asker(name="Wang Fang", phone=KNOWN, level=level)
        made = people.make(asker, "en", claimed=False)
    return made.id


def rows(model: Any) -> list[Any]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(model).order_by(model.id)))


def test_a_closed_queue_lets_nobody_wait_and_leaves_a_case(bed: Bed, called: Any) -> None:
    lines.terms()
    terms.close("complaints", now() + timedelta(hours=1), SYSTEM)
    called(KNOWN)
    [call] = soon(lambda: [each for each in rows(Call) if each.ended_at], 20)
    [stay] = rows(Stay)
    assert (stay.state, stay.reason, call.number) == ("left", "closed", KNOWN)
    assert stay.ticket_id == rows(Ticket)[0].id


def test_a_returning_caller_rings_at_the_agent_of_the_open_case(bed: Bed, called: Any) -> None:
    lines.terms()
    theirs = seated(bed, "1002", "", queue=False)
    case = make.ticket(person_id=customer())
    with transaction() as session:
        session.get_one(Ticket, case.id).assignee_id = theirs.id
    bed.agent("1002", "--ring", 1)
    called(KNOWN, "--hangup-after", 2)
    [talk] = soon(lambda: rows(Interaction), 20)
    assert talk.agent_id == theirs.id and rows(Stay) == []


def test_who_lacks_the_skill_is_asked_after_20_seconds_and_it_is_one_wait(
    bed: Bed, called: Any
) -> None:
    lines.terms(skills="en")
    seated(bed, "1001", "en")  # whose telephone is not there
    other = seated(bed, "1002", "", penalty=1)
    added = {"Queue": "complaints", "Interface": "PJSIP/1002", "Penalty": "1"}
    bed.ami("QueueAdd", **added)
    bed.agent("1002", "--ring", 1)
    called(KNOWN, "--hangup-after", 2)
    [talk] = soon(lambda: rows(Interaction), 40)
    [stay] = rows(Stay)
    assert talk.agent_id == other.id and stay.state == "answered"
    assert 20 <= stay.waited < 26


def test_a_vip_who_comes_later_is_answered_first(bed: Bed, called: Any) -> None:
    lines.terms()
    seated(bed, "1001", "")
    customer("vip")
    called("+442071838751", "--hangup-after", 2)
    soon(lambda: len(rows(Stay)) == 1, 10)
    called(KNOWN, "--hangup-after", 2)
    soon(lambda: len(rows(Stay)) == 2, 10)
    bed.agent("1001", "--ring", 1)
    [talk] = soon(lambda: rows(Interaction), 20)
    assert db.session.get_one(Call, talk.call_id).number == KNOWN
