"""What a telephone system is told of a caller: who is first, whom it rings at, whether the queue is open."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sa_event
from sqlalchemy import select

from helpdesk.agents.models import Agent
from helpdesk.agents.rights import SYSTEM
from helpdesk.calls import advice, blocking, queries, telling, terms
from helpdesk.calls.blocking import Blocked
from helpdesk.calls.exchange_models import PhoneMember
from helpdesk.calls.models import Call, PhoneCallback
from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed
from helpdesk.core.events import Event
from helpdesk.customers import people
from helpdesk.customers.people import Asker
from helpdesk.settings import settings
from helpdesk.setup import in_force
from helpdesk.tickets import tracking
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help import lines
from tests.help.calls import token
from tests.help.telephone import WANG, abandoned, answered, event, take

ADVICE, STATE = "/api/v1/calls/advice", "/api/v1/calls/case-state"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def seated(name: str, extension: str, skills: str = "", queue: str = "complaints") -> Agent:
    agent = lines.ready(name, extension)
    with transaction() as session:
        session.add(PhoneMember(agent_id=agent.id, queue=queue, there=True))
        session.get_one(Agent, agent.id).skills = skills
    take_pause(agent)
    return agent


def take_pause(agent: Agent, reason: str = "") -> None:
    with transaction() as session:
        session.get_one(lines.PhoneLine, agent.id).paused = reason


def belongs(case: Ticket, agent: Agent) -> None:
    with transaction() as session:
        session.get_one(Ticket, case.id).assignee_id = agent.id


def customer(level: str = "plain") -> int:
    with transaction():
        asker = Asker(name="王芳", phone="139 1234 5678", level=level)
        made = people.make(asker, "zh_Hans", claimed=False)
    return made.id


def ask(client: FlaskClient, headers: dict[str, str], **asked: Any) -> Any:
    asked = {"queue": "complaints", "number": WANG} | asked
    return client.get(ADVICE, query_string=asked, headers=headers)


@pytest.fixture
def told(client: FlaskClient, headers: dict[str, str]) -> Any:
    """What the door answers, as JSON."""
    lines.terms()
    return lambda **asked: ask(client, headers, **asked).json


def test_a_returning_caller_rings_first_at_the_agent_of_their_newest_open_case(told: Any) -> None:
    zhang, person = seated("Zhang Wei", "1001"), customer()
    assert told()["first"] is None
    older, newer = (make.ticket(person_id=person, external_id=each) for each in "ab")
    belongs(older, lines.ready("Li Na", "1002"))
    belongs(newer, zhang)
    assert (told()["first"], told()["first_seconds"]) == ("1001", 15)
    assert told(number="+8613900000000")["first"] is told(number="anonymous")["first"] is None


@pytest.mark.parametrize("why", ["on a break", "talking", "left"])
def test_it_does_not_ring_first_at_an_agent_who_takes_no_calls(told: Any, why: str) -> None:
    zhang, person = seated("Zhang Wei", "1001"), customer()
    belongs(make.ticket(person_id=person), zhang)
    if why == "on a break":
        take_pause(zhang, "meal")
    elif why == "talking":
        take(*answered(zhang.email, "other")[:5])
    else:
        with transaction() as session:
            session.get_one(Agent, zhang.id).active = False
    assert told()["first"] is None


def test_of_a_number_that_two_customers_have_nobody_is_guessed(told: Any) -> None:
    zhang, person = seated("Zhang Wei", "1001"), customer("vip")
    belongs(make.ticket(person_id=person), zhang)
    customer()
    assert (told()["first"], told()["priority"]) == (None, 1)


def test_priority_grows_with_the_waiting_and_faster_the_higher_the_level(told: Any) -> None:
    assert [told(waited=each)["priority"] for each in (0, 20, 60)] == [1, 20, 60]
    customer("vip")
    assert [told(waited=each)["priority"] for each in (0, 20, 60)] == [3, 60, 180]


@pytest.mark.parametrize("most_times", [1, 2, 5])
def test_when_a_vip_is_next_nobody_has_waited_more_than_n_times_as_long(most_times: int) -> None:
    weights = {level: advice.weight(level, most_times) for level in ("plain", "silver", "vip")}
    assert weights["plain"] == 1 <= weights["silver"] <= weights["vip"] == most_times
    vip, plain = (advice.Claim(weights[level]) for level in ("vip", "plain"))
    for waits in range(1, 300, 7):
        assert vip.counts(waits) >= plain.counts(most_times * waits)
        assert vip.counts(waits) < plain.counts(most_times * waits + 1)


def test_who_is_asked_widens_after_20_and_after_40_seconds(told: Any) -> None:
    seated("Anna", "1001", "en, billing")
    seated("Ben", "1002", "en")
    seated("Chen", "1003")
    with transaction() as session:
        session.scalars(select(lines.PhoneQueue)).one().skills = "en, billing"
    asked = {waited: told(waited=waited) for waited in (0, 19, 20, 39, 40, 400)}
    rings = [["1001"], ["1001", "1002"], ["1001", "1002", "1003"]]
    assert [each["ring"] for each in asked.values()] == [each for each in rings for _twice in "ab"]
    assert [each["penalty"] for each in asked.values()] == [0, 0, 1, 1, 2, 2]
    assert [(each["after"], each["ring"]) for each in asked[0]["steps"]] == [
        (0, rings[0]),
        (20, rings[1]),
        (40, rings[2]),
    ]


def test_the_callers_language_goes_before_all_and_what_nobody_can_is_not_waited_for(
    told: Any,
) -> None:
    seated("Anna", "1001", "en")
    seated("Zhao", "1002", "billing")
    assert told(language="en", topic="billing")["ring"] == ["1001"]
    assert told(language="en")["ring"] == ["1001"]
    assert told(language="ru")["ring"] == ["1001", "1002"]


def test_a_step_whose_agents_are_all_on_a_break_is_passed_at_once(told: Any) -> None:
    take_pause(seated("Anna", "1001", "en"), "meal")
    seated("Zhao", "1002")
    assert told(language="en")["penalty"] == 1


def test_the_waiting_time_is_that_of_the_last_quarter_of_an_hour_and_never_too_kind(
    told: Any,
) -> None:
    zhang = seated("Zhang Wei", "1001")
    assert told()["wait"] is None
    with moved_to(now() - timedelta(hours=1)):
        take(*answered(zhang.email, "old"))
    assert told()["wait"] is None
    take(*answered(zhang.email, "new"))
    assert told()["wait"] == 12
    take(event("ringing", call_id="waits"), event("queued", 500, call_id="waits"))
    assert 99 <= told()["wait"] <= 105


def test_outside_its_hours_a_queue_says_what_to_play_and_when_it_opens(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    lines.terms(calendar="cn-office")
    with moved_to(datetime(2026, 3, 7, 23, tzinfo=SHANGHAI)):  # a Saturday
        answer = ask(client, headers).json
    assert (answer["open"], answer["announcement"]) == (False, "closed-hours")
    assert answer["until"].startswith("2026-03-09T0")
    with moved_to(datetime(2026, 3, 9, 10, tzinfo=SHANGHAI)):
        answer = ask(client, headers).json
    assert (answer["open"], answer["announcement"], answer["until"]) == (True, None, None)


def test_a_supervisor_closes_a_queue_now_and_it_opens_by_itself(told: Any) -> None:
    lead = make.agent("Chen Jie", "supervisor")
    until = now() + timedelta(minutes=30)
    terms.close("complaints", until, lead.actor)
    closed = told()
    assert (closed["open"], closed["announcement"]) == (False, "closed-emergency")
    assert closed["until"][:19] == until.isoformat()[:19]
    noted = db.session.scalars(select(Event).where(Event.name == "phone.queue_closed")).one()
    assert (noted.by_id, noted.data["queue"]) == (lead.id, "complaints")
    with moved_to(until + timedelta(seconds=1)):
        assert told()["open"] is True


def test_a_closed_queue_opens_again_by_hand_and_only_leaders_may(told: Any) -> None:
    lead, zhang = make.agent("Chen Jie", "supervisor"), make.agent("Zhang Wei")
    terms.close("complaints", now() + timedelta(hours=1), lead.actor)
    with pytest.raises(NotAllowed):
        terms.close("complaints", None, zhang.actor)
    with pytest.raises(BadInput):
        terms.close("nowhere", None, lead.actor)
    with pytest.raises(BadInput):
        terms.close("complaints", now() + timedelta(days=30), lead.actor)
    assert told()["open"] is False
    terms.close("complaints", None, lead.actor)
    assert told()["open"] is True


def test_who_called_a_closed_queue_leaves_a_case_and_is_promised_no_call(app: Flask) -> None:
    said = [event("ringing"), event("queued", 3), event("left", 3, 31, reason="closed")]
    take(*said, event("hungup", 4))
    [case] = db.session.scalars(select(Ticket))
    assert WANG[-4:] in case.subject.replace(" ", "")
    assert db.session.scalars(select(PhoneCallback)).all() == []


def test_dialplans_that_read_no_json_get_lines_or_a_form(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    lines.terms()
    seated("Anna", "1001")
    seated("Ben", "1002")
    plain = ask(client, headers, **{"as": "lines"})
    assert plain.mimetype == "text/plain"
    read = dict(line.split("=", 1) for line in plain.text.splitlines())
    assert (read["open"], read["first"], read["ring"]) == ("1", "", "1001&1002")
    form = ask(client, headers, **{"as": "form"}).text
    assert "open=1&" in form and "ring=1001%261002" in form


ODD: list[tuple[str, str]] = [
    ("queue", "nowhere"),
    ("queue", "two words"),
    ("queue", "x" * 5000),
    ("queue", "complaints\r\nAction: Originate"),
    ("queue", "complaints\x00"),
    ("queue", ""),
    ("number", "call me"),
    ("number", "8" * 40),
    ("number", "+8613912345678\r\nx"),
    ("topic", "a\nb"),
    ("topic", "x" * 300),
    ("language", "en;drop"),
    ("waited", "-1"),
    ("waited", "99999999999999999999"),
    ("waited", "soon"),
    ("as", "xml"),
    ("mood", "bad"),
]


@pytest.mark.parametrize(("name", "value"), ODD)
def test_an_odd_question_is_answered_by_the_name_of_its_field(
    client: FlaskClient, headers: dict[str, str], name: str, value: str
) -> None:
    lines.terms()
    answer = ask(client, headers, **{name: value})
    assert answer.status_code == 422 and answer.mimetype == "application/problem+json"
    assert list(answer.json["errors"]) == [name]


def test_an_advice_costs_few_statements_however_many_sit_in_the_queue(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    lines.terms()
    customer("vip")
    ask(client, headers)
    counts = []
    for many in range(2):
        for each in range(3):
            seated(f"Agent {many}{each}", f"2{many}{each}", "en")
        counts.append(statements(lambda: ask(client, headers)))
    assert counts[0] == counts[1] <= 8


def statements(do: Any) -> int:
    found: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    sa_event.listen(db.engine, "before_cursor_execute", note)
    do()
    sa_event.remove(db.engine, "before_cursor_execute", note)
    return len(found)


def test_what_was_chosen_in_the_menu_routes_the_case(app: Flask) -> None:
    zhang, sales = lines.ready(), make.department("sales", "销售部", "Sales")
    make.rule("English refunds", sales, language="en")
    said = answered(zhang.email)
    said[1] |= {"choice": "billing.refund", "language": "en"}
    take(*said)
    call, case = db.session.scalars(select(Call)).one(), db.session.scalars(select(Ticket)).one()
    assert (call.topic, call.language) == ("billing.refund", "en")
    assert (case_category(case), case.language) == ("billing.refund", "en")
    assert case.department_id == sales.id


def case_category(case: Ticket) -> str:
    return in_force.current().categories[case.category_id or 0].code


def test_the_state_of_a_case_is_told_for_number_and_code_also_by_telephone_keys(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    case = make.ticket()
    code = tracking.secret(case, settings().secret_key)
    keys = code.translate(tracking.KEYS)
    for asked in (
        {"number": case.number, "code": code},
        {"number": case.number.replace("-", ""), "code": keys},
    ):
        answer = client.get(STATE, query_string=asked | {"language": "en"}, headers=headers)
        assert answer.json == {
            "number": case.number,
            "status": case.status,
            "says": tracking.STEPS[case.status],
        }
    zh = client.get(STATE, query_string=asked | {"language": "zh_Hans"}, headers=headers)
    assert zh.json["says"].endswith("。")


def test_a_caller_id_is_no_proof_and_wrong_codes_have_to_wait(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    case, other = make.ticket(), make.ticket()
    code = tracking.secret(case, settings().secret_key)

    def asked(**given: str) -> int:
        given = {"number": case.number, "code": code} | given
        return client.get(STATE, query_string=given, headers=headers).status_code

    assert asked(number=WANG) == asked(number=other.number) == asked(code="2" * 16) == 404
    assert asked(code="") == asked(number="") == 422
    answers = {asked(code=f"{each:016}") for each in range(30)}
    assert answers == {404, 429} and asked() == 200


def test_only_tokens_for_calls_or_reading_may_ask(app: Flask, client: FlaskClient) -> None:
    lines.terms()
    handler = token("handler", make.department())
    assert ask(client, handler).status_code == 403
    assert ask(client, {}).status_code == 401
    assert ask(client, token("supervisor")).status_code == 200


def test_skills_are_kept_on_the_agent_and_give_their_place_in_the_queue(app: Flask) -> None:
    boss, zhang = make.agent("Chen Jie", "admin"), make.agent("Zhang Wei")
    queue = lines.terms(skills="en, billing")
    terms.set_up(zhang, "1001", ["complaints"], boss.actor, skills="EN，billing billing")
    member = db.session.scalars(select(PhoneMember)).one()
    assert (zhang.skills, member.penalty) == ("EN, billing", 2)
    terms.set_up(zhang, "1001", ["complaints"], boss.actor, skills="en")
    db.session.refresh(member)
    assert (zhang.skills, member.penalty, member.there) == ("en", 1, True)
    given = terms.Terms("complaints", "Complaints", skills="en")
    terms.save(queue, given, boss.actor)
    db.session.refresh(member)
    assert member.penalty == 0
    for odd in ("a/b", "x" * 50, ", ".join(map(str, range(30)))):
        with pytest.raises(BadInput) as wrong:
            terms.set_up(zhang, "1001", ["complaints"], SYSTEM, skills=odd)
        assert list(wrong.value.errors) == ["skills"]


@pytest.mark.parametrize(("waits", "steps"), [(15, []), (30, [20]), (90, [20, 40])])
def test_each_step_that_was_taken_stands_in_the_history_of_the_call(
    app: Flask, waits: float, steps: list[int]
) -> None:
    lines.terms(skills="en, billing")
    take(*abandoned(waits))
    lead, call = make.agent("Chen Jie", "supervisor").actor, db.session.scalars(select(Call)).one()
    parts = queries.parts([call.id], lead)
    told = [each for each in telling.time_line(call, parts, {}) if each.remark == "en, billing"]
    joined = parts.stays[0].joined_at
    assert [(each.at - joined).total_seconds() for each in told] == steps


def test_a_blocked_caller_is_named_as_such(told: Any) -> None:
    assert told()["blocked"] is False
    blocking.save(None, Blocked(WANG, "insults"), make.agent("Chen Jie", "admin").actor)
    assert told()["blocked"] is True and told(number="")["blocked"] is False
