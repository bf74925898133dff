"""The verbs at their edges: the last moment, the last character, who holds the case afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from helpdesk import promises
from helpdesk.agents.models import Agent, Department
from helpdesk.agents.rights import SYSTEM
from helpdesk.clock import moved_to
from helpdesk.core import options
from helpdesk.core.db import CHANGED, db, transaction
from helpdesk.core.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from helpdesk.core.events import Event, record
from helpdesk.promises.models import Promise
from helpdesk.promises.words import EXTENDABLE
from helpdesk.tickets import actions, callbacks, queries
from helpdesk.tickets.actions import rereading, scans, unsending
from helpdesk.tickets.actions.unsending import How
from helpdesk.tickets.models import Message, Ticket
from tests.help import factories as make
from tests.help import values

MONDAY = datetime(2026, 3, 9, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
SECOND = timedelta(seconds=1)
BOSS = make.SUPERVISOR


@pytest.fixture
def unit(app: Flask) -> Department:
    return make.department()


@pytest.fixture
def other(app: Flask) -> Department:
    return make.department("logistics", "物流部", "Logistics")


@pytest.fixture
def handler(unit: Department) -> Agent:
    return make.agent("Sun Lei", "handler", unit)


def handled(unit: Department, **more: object) -> Ticket:
    """A complaint that a department works on since Monday."""
    with moved_to(MONDAY):
        ticket = make.ticket(**more)
        actions.accept(ticket, by=BOSS)
        actions.dispatch(ticket, by=BOSS, department_id=unit.id)
        actions.sign(ticket, by=BOSS)
        actions.handle(ticket, by=BOSS)
    return ticket


def set_to(name: str, value: object) -> None:
    with transaction():
        options.put(name, value)


def told(ticket: Ticket, name: str) -> dict[str, object]:
    """What the journal says of the newest event with this name."""
    return next(e.data for e in queries.history(ticket) if e.name == name)


class TestWhoHasIt:
    def test_who_accepts_a_free_case_has_it_and_a_program_has_none(self, app: Flask) -> None:
        agent = make.agent()
        mine, programs = make.ticket(), make.ticket(subject="Another")
        actions.accept(mine, by=agent.actor)
        actions.accept(programs, by=BOSS)
        assert (mine.assignee_id, programs.assignee_id) == (agent.id, None)

    def test_a_case_that_somebody_has_stays_theirs_when_another_accepts_it(
        self, app: Flask
    ) -> None:
        first, second = make.agent(), make.agent("Li Na")
        ticket = make.ticket()
        with transaction():
            ticket.assignee_id = first.id
        actions.accept(ticket, by=second.actor)
        assert ticket.assignee_id == first.id

    def test_who_signs_has_it_and_who_begins_to_handle_keeps_it(
        self, unit: Department, handler: Agent
    ) -> None:
        ticket = make.ticket()
        actions.accept(ticket, by=make.agent().actor)
        actions.dispatch(ticket, by=BOSS, department_id=unit.id)
        assert ticket.assignee_id is None and ticket.queue == unit.code
        actions.sign(ticket, by=handler.actor)
        assert ticket.assignee_id == handler.id
        actions.handle(ticket, by=make.agent("Ma Li", "handler", unit).actor)
        assert ticket.assignee_id == handler.id

    def test_a_program_that_signs_or_handles_takes_it_from_nobody(self, unit: Department) -> None:
        assert handled(unit).assignee_id is None

    def test_who_begins_to_handle_what_nobody_has_has_it(
        self, unit: Department, handler: Agent
    ) -> None:
        ticket = make.ticket()
        actions.accept(ticket, by=BOSS)
        actions.dispatch(ticket, by=BOSS, department_id=unit.id)
        actions.sign(ticket, by=BOSS)
        actions.handle(ticket, by=handler.actor)
        assert ticket.assignee_id == handler.id


class TestDepartments:
    def test_a_case_goes_only_to_a_department_that_there_is(
        self, unit: Department, other: Department
    ) -> None:
        ticket = make.ticket()
        actions.accept(ticket, by=BOSS)
        with transaction():
            other.active = False
            options.changed()
        for department_id in (999, other.id):
            with pytest.raises(BadInput) as refused:
                actions.dispatch(ticket, by=BOSS, department_id=department_id)
            assert set(refused.value.errors) == {"department"}
        actions.dispatch(ticket, by=BOSS, department_id=unit.id)
        assert told(ticket, "ticket.dispatch")["from_department"] == ""

    def test_a_transfer_names_both_and_leads_to_another_one(
        self, unit: Department, other: Department
    ) -> None:
        ticket = handled(unit)
        with pytest.raises(Refused, match="already"):
            actions.transfer(ticket, by=BOSS, department_id=unit.id, comment="x")
        actions.transfer(ticket, by=BOSS, department_id=other.id, comment="theirs")
        data = told(ticket, "ticket.transfer")
        assert (data["from_department"], data["department"]) == (unit.code, other.code)

    def test_a_return_is_counted_and_when_refused_the_department_has_it_again(
        self, unit: Department
    ) -> None:
        ticket = make.ticket()
        actions.accept(ticket, by=BOSS)
        actions.dispatch(ticket, by=BOSS, department_id=unit.id)
        actions.send_back(ticket, by=BOSS, comment="not ours")
        assert (ticket.returns, ticket.queue, ticket.assignee_id) == (1, "dispatch", None)
        actions.refuse_return(ticket, by=BOSS, comment="it is")
        assert (ticket.returns, ticket.queue, ticket.status) == (1, unit.code, "signed")

    def test_each_further_department_is_asked_once_and_the_lead_never(
        self, unit: Department, other: Department
    ) -> None:
        ticket = handled(unit)
        for department_id in (unit.id, 999):
            with pytest.raises(BadInput):
                actions.add_assist(ticket, by=BOSS, department_id=department_id, task="x")
        actions.add_assist(ticket, by=BOSS, department_id=other.id, task="Fetch it")
        with pytest.raises(Refused, match="already"):
            actions.add_assist(ticket, by=BOSS, department_id=other.id, task="Fetch it")

    def test_only_who_was_asked_answers_and_the_desk_notes_what_they_said(
        self, unit: Department, other: Department, handler: Agent
    ) -> None:
        ticket = handled(unit)
        helper = make.agent("Ma Li", "handler", other).actor
        with pytest.raises(Refused, match="not asked"):
            actions.answer_assist(ticket, by=BOSS, department_id=other.id, answer="x")
        actions.add_assist(ticket, by=BOSS, department_id=other.id, task="Fetch it")
        with pytest.raises(NotAllowed):
            actions.answer_assist(ticket, by=handler.actor, department_id=other.id, answer="x")
        with pytest.raises(BadInput):
            actions.answer_assist(ticket, by=helper, department_id=other.id, answer=" ")
        for by, words in ((helper, "Fetched"), (BOSS, "They fetched it")):
            found = actions.answer_assist(ticket, by=by, department_id=other.id, answer=words)
            assert (found.answer, found.answered_by) == (words, by.name)


class TestTime:
    @pytest.mark.parametrize(
        ("until", "fits"),
        [
            (timedelta(0), False),
            (SECOND, True),
            (timedelta(days=90), True),
            (timedelta(days=90) + SECOND, False),
        ],
    )
    def test_a_case_rests_for_ninety_days_at_most(
        self, unit: Department, until: timedelta, fits: bool
    ) -> None:
        ticket = handled(unit)
        with moved_to(MONDAY):
            if fits:
                actions.hold(ticket, by=BOSS, until=MONDAY + until, comment="parts")
                assert (ticket.hold_until, ticket.hold_reason) == (MONDAY + until, "parts")
                actions.resume(ticket, by=BOSS)
                assert (ticket.hold_until, ticket.hold_reason) == (None, "")
                return
            with pytest.raises(BadInput) as refused:
                actions.hold(ticket, by=BOSS, until=MONDAY + until, comment="parts")
        assert set(refused.value.errors) == {"until"}

    @pytest.mark.parametrize(
        ("later", "fits"), [(timedelta(days=30), True), (timedelta(days=30) + SECOND, False)]
    )
    def test_a_case_is_reopened_up_to_the_day_that_was_set(
        self, app: Flask, later: timedelta, fits: bool
    ) -> None:
        set_to("reopen_days", 30)
        with moved_to(MONDAY):
            ticket = make.ticket(kind="enquiry")
            actions.answer_directly(ticket, by=BOSS, body="Yes.")
            actions.close(ticket, by=BOSS)
            assert (ticket.closed_at, ticket.waiting_since, ticket.due_at) == (MONDAY, None, None)
        with transaction():
            ticket.escalation = 75
        with moved_to(MONDAY + later):
            if not fits:
                with pytest.raises(Refused, match="30 days ago"):
                    actions.reopen(ticket, by=BOSS, comment="again")
                return
            actions.reopen(ticket, by=BOSS, comment="again")
        assert (ticket.cycle, ticket.closed_at, ticket.escalation) == (2, None, 0)
        assert (ticket.queue, ticket.assignee_id, ticket.replied_at) == ("dispatch", None, None)
        assert ticket.waiting_since == MONDAY + later

    @pytest.mark.parametrize(
        ("later", "fits"), [(timedelta(hours=4), True), (timedelta(hours=4) - SECOND, False)]
    )
    def test_a_case_is_urged_once_in_the_time_that_was_set(
        self, app: Flask, later: timedelta, fits: bool
    ) -> None:
        set_to("urge_hours", 4)
        with moved_to(MONDAY):
            ticket = make.ticket()
            actions.urge(ticket, by=make.CUSTOMER)
            assert (ticket.urges, ticket.urged_at) == (1, MONDAY)
        with moved_to(MONDAY + later):
            if fits:
                assert actions.urge(ticket, by=make.CUSTOMER).urges == 2
                return
            with pytest.raises(Refused, match="urged already"):
                actions.urge(ticket, by=make.CUSTOMER)

    def test_an_ended_case_is_not_urged(self, app: Flask) -> None:
        ticket = make.ticket()
        actions.withdraw(ticket, by=make.CUSTOMER, comment="x")
        with pytest.raises(Refused, match="ended"):
            actions.urge(ticket, by=make.CUSTOMER)

    @pytest.mark.parametrize(
        ("later", "fits"), [(timedelta(hours=24), True), (timedelta(hours=24) + SECOND, False)]
    )
    def test_a_merge_is_undone_within_the_time_that_was_set(
        self, app: Flask, later: timedelta, fits: bool
    ) -> None:
        set_to("unmerge_hours", 24)
        with moved_to(MONDAY):
            stays, gone = make.ticket(), make.ticket(subject="The same again")
            actions.merge(gone, by=BOSS, target=stays)
        with moved_to(MONDAY + later):
            if not fits:
                with pytest.raises(Refused, match="24 hours"):
                    actions.unmerge(gone, by=BOSS, comment="x")
                return
            actions.unmerge(gone, by=BOSS, comment="x")
        assert (gone.status, gone.merged_into_id, gone.closed_at) == ("registered", None, None)
        assert gone.waiting_since == MONDAY

    def test_a_case_is_merged_into_another_one_that_lives(self, app: Flask) -> None:
        first, second, third = (make.ticket(subject=f"Case {n}") for n in range(3))
        actions.merge(second, by=BOSS, target=first)
        for target in (third, second):  # itself, and one that was merged
            with pytest.raises(BadInput) as refused:
                actions.merge(third, by=BOSS, target=target)
            assert set(refused.value.errors) == {"target"}
        words = actions.add_customer_message(second, by=make.CUSTOMER, body="More", channel="web")
        assert words.ticket_id == first.id

    @pytest.mark.parametrize(("held", "gone"), [(10, 0), (10, 10), (10, 11)])
    def test_words_are_taken_back_to_the_last_moment_of_their_wait(
        self, app: Flask, held: int, gone: int
    ) -> None:
        agent = make.agent()
        with moved_to(MONDAY) as tick:
            ticket = make.ticket()
            how = How(hold=timedelta(seconds=held))
            said = actions.send_message(ticket, by=agent.actor, body="We look into it.", how=how)
            assert said.held_until == MONDAY + timedelta(seconds=held + 2)
            tick(gone)
            if gone <= held:
                back = actions.unsend(ticket, by=agent.actor, message_id=said.id)
                assert (back.kind, back.public, back.held_until) == ("draft", False, None)
                return
            with pytest.raises(Refused, match="too late"):
                actions.unsend(ticket, by=agent.actor, message_id=said.id)

    @pytest.mark.parametrize(("later", "messages"), [(0, 1), (9.9, 1), (10, 2), (11, 2)])
    def test_the_same_words_are_one_message_for_ten_seconds(
        self, app: Flask, later: float, messages: int
    ) -> None:
        agent = make.agent()
        with moved_to(MONDAY) as tick:
            ticket = make.ticket()
            actions.note(ticket, by=agent.actor, body="Called the fitter.")
            tick(later)
            actions.note(ticket, by=agent.actor, body=" Called the fitter.\r\n")
            actions.note(ticket, by=make.agent("Li Na").actor, body="Called the fitter.")
        kept = db.session.query(Message).filter_by(ticket_id=ticket.id, kind="note").count()
        assert kept == messages + 1


class TestMoreTime:
    """A department asks for more time; a supervisor decides."""

    def due(self, ticket: Ticket) -> datetime:
        rows = db.session.scalars(
            db.select(Promise).where(Promise.of(ticket), Promise.state == "running")
        )
        return min(r.due_at for r in rows if r.promise in EXTENDABLE and r.due_at)

    @pytest.mark.parametrize(
        ("after", "fits"), [(-SECOND, False), (timedelta(0), False), (SECOND, True)]
    )
    def test_it_is_more_than_there_is(self, unit: Department, after: timedelta, fits: bool) -> None:
        ticket = handled(unit)
        until = self.due(ticket) + after
        with moved_to(MONDAY):
            if fits:
                actions.ask_extension(ticket, by=BOSS, until=until, comment="parts")
                return
            with pytest.raises(BadInput) as refused:
                actions.ask_extension(ticket, by=BOSS, until=until, comment="parts")
        assert set(refused.value.errors) == {"until"}

    @pytest.mark.parametrize(("after", "fits"), [(timedelta(0), False), (SECOND, True)])
    def test_it_lies_in_the_future(self, unit: Department, after: timedelta, fits: bool) -> None:
        ticket = handled(unit)
        late = self.due(ticket) + timedelta(days=5)
        with moved_to(late):
            if fits:
                actions.ask_extension(ticket, by=BOSS, until=late + after, comment="parts")
                return
            with pytest.raises(BadInput, match="another look"):
                actions.ask_extension(ticket, by=BOSS, until=late + after, comment="parts")

    @pytest.mark.parametrize(("after", "fits"), [(timedelta(0), True), (SECOND, False)])
    def test_it_ends_by_the_deadline_of_the_authority(
        self, unit: Department, after: timedelta, fits: bool
    ) -> None:
        ticket = handled(unit)
        deadline = self.due(ticket) + timedelta(days=2)
        with transaction():
            ticket.external_due_at = deadline
        with moved_to(MONDAY):
            if fits:
                actions.ask_extension(ticket, by=BOSS, until=deadline + after, comment="parts")
                return
            with pytest.raises(BadInput):
                actions.ask_extension(ticket, by=BOSS, until=deadline + after, comment="parts")

    def test_it_is_asked_for_twice_and_one_request_at_a_time(self, unit: Department) -> None:
        ticket = handled(unit)
        with moved_to(MONDAY):
            for decide in (actions.grant_extension, actions.refuse_extension):
                with pytest.raises(Refused, match="Nobody has asked"):
                    decide(ticket, by=BOSS, comment="x")
                until = self.due(ticket) + timedelta(days=1)
                actions.ask_extension(ticket, by=BOSS, until=until, comment="parts")
                with pytest.raises(Refused, match="waiting for its decision"):
                    actions.ask_extension(ticket, by=BOSS, until=until, comment="parts")
                decide(ticket, by=BOSS, comment="x")
            with pytest.raises(Refused, match="twice"):
                until = self.due(ticket) + timedelta(days=9)
                actions.ask_extension(ticket, by=BOSS, until=until, comment="parts")


class TestWords:
    @pytest.mark.parametrize(("length", "fits"), [(5000, True), (5001, False)])
    def test_a_reason_has_five_thousand_characters_at_most(
        self, app: Flask, length: int, fits: bool
    ) -> None:
        ticket = make.ticket()
        if fits:
            assert actions.decline(ticket, by=BOSS, comment="x" * length).status == "rejected"
            return
        with pytest.raises(BadInput) as refused:
            actions.decline(ticket, by=BOSS, comment="x" * length)
        assert set(refused.value.errors) == {"comment"}

    @pytest.mark.parametrize(
        ("length", "fits"), [(0, False), (1, True), (100_000, True), (100_001, False)]
    )
    def test_a_message_has_a_hundred_thousand_characters_at_most_and_one_at_least(
        self, app: Flask, length: int, fits: bool
    ) -> None:
        ticket = make.ticket()
        if fits:
            assert len(actions.note(ticket, by=BOSS, body="x" * length).body) == length
            return
        with pytest.raises(BadInput) as refused:
            actions.note(ticket, by=BOSS, body="x" * length)
        assert set(refused.value.errors) == {"body"}

    def test_what_was_done_stands_beside_a_promise_in_two_hundred_characters(
        self, unit: Department
    ) -> None:
        words = "".join(chr(ord("a") + n % 26) for n in range(300))
        ticket = make.ticket(severity="S2")
        actions.accept(ticket, by=BOSS)
        actions.send_message(ticket, by=BOSS, body=words)
        actions.send_message(ticket, by=BOSS, body=words[1:])  # keeps the update that began
        actions.edit(ticket, by=BOSS, facts={"containment": words})
        actions.answer_directly(ticket, by=BOSS, body=words)
        done = {(r.promise, r.part): r.done for r in promises.table(ticket)}
        for kept in ("first_answer", "containment", "resolve"):
            assert done[kept, 1] == words[:200], kept
        assert done["update", 1] == words[1:201]

    def test_what_says_how_words_go_out_does_not_change(self) -> None:
        assert values.changeable(unsending, rereading) == set()
        assert How() == How(hold=timedelta(0), draft=None, keep=(), cc=())

    def test_who_wrote_decides_what_a_message_is_and_who_may_read_it(self, app: Flask) -> None:
        agent, ticket = make.agent(), make.ticket()
        said = actions.send_message(ticket, by=agent.actor, body="To you")
        note = actions.note(ticket, by=agent.actor, body="To us")
        theirs = actions.add_customer_message(
            ticket, by=make.CUSTOMER, body="To you", channel="web"
        )
        kinds = [(m.kind, m.public, m.agent_id, m.channel) for m in (said, note, theirs)]
        assert kinds == [
            ("staff", True, agent.id, "desk"),
            ("note", False, agent.id, "desk"),
            ("customer", True, None, "web"),
        ]

    def test_a_customer_waits_since_the_first_words_that_nobody_answered(self, app: Flask) -> None:
        with moved_to(MONDAY) as tick:
            ticket = make.ticket()
            actions.send_message(ticket, by=BOSS, body="We look into it.")
            assert ticket.waiting_since is None
            tick(60)
            actions.add_customer_message(
                ticket, by=make.CUSTOMER, body="Away", channel="email", automatic=True
            )
            assert ticket.waiting_since is None  # a machine waits for nothing
            actions.add_customer_message(ticket, by=make.CUSTOMER, body="When?", channel="web")
            tick(60)
            actions.add_customer_message(ticket, by=make.CUSTOMER, body="So?", channel="web")
        assert ticket.waiting_since == MONDAY + timedelta(seconds=60)

    @pytest.mark.parametrize(
        ("days", "automatic", "status"),
        [
            (0, False, "reopened"),
            (30, False, "reopened"),
            (31, False, "closed"),
            (0, True, "closed"),
        ],
    )
    def test_a_customer_s_words_reopen_a_closed_case_in_its_time_and_a_machine_s_never(
        self, app: Flask, days: int, automatic: bool, status: str
    ) -> None:
        set_to("reopen_days", 30)
        with moved_to(MONDAY) as tick:
            ticket = make.ticket(kind="enquiry")
            actions.answer_directly(ticket, by=BOSS, body="Yes.")
            actions.close(ticket, by=BOSS)
            tick(days * 86_400)
            actions.add_customer_message(
                ticket, by=make.CUSTOMER, body="Thanks?", channel="web", automatic=automatic
            )
        assert db.session.get_one(Ticket, ticket.id, populate_existing=True).status == status

    def test_a_customer_s_words_wake_a_case_on_hold_and_leave_an_open_one_where_it_is(
        self, unit: Department
    ) -> None:
        ticket = handled(unit)
        with moved_to(MONDAY):
            actions.add_customer_message(ticket, by=make.CUSTOMER, body="Well?", channel="web")
            assert (ticket.status, ticket.cycle) == ("handling", 1)
            until = MONDAY + timedelta(days=2)
            actions.hold(ticket, by=BOSS, until=until, comment="parts")
            for words, automatic, status in (("Away", True, "waiting"), ("So?", False, "handling")):
                actions.add_customer_message(
                    ticket, by=make.CUSTOMER, body=words, channel="web", automatic=automatic
                )
                assert (ticket.status, ticket.cycle) == (status, 1)

    def test_who_has_not_seen_the_newest_words_is_told_and_who_wrote_them_is_not(
        self, app: Flask
    ) -> None:
        ticket, li, wang = make.ticket(), make.agent("Li Na"), make.agent("Wang Lin")
        seen = queries.history(ticket)[0].seq
        actions.send_message(ticket, by=li.actor, body="First", seen_seq=seen)
        actions.send_message(ticket, by=li.actor, body="And more", seen_seq=seen)
        newest = max(e.seq for e in queries.history(ticket) if e.name == "message.staff")
        for behind in (seen, newest - 1):
            with pytest.raises(Conflict, match="Li Na wrote to the customer"):
                actions.send_message(ticket, by=wang.actor, body="Second", seen_seq=behind)
        actions.send_message(ticket, by=wang.actor, body="Second", seen_seq=newest)

    def test_a_stale_form_is_told_who_was_faster_where_it_was_a_person(self, app: Flask) -> None:
        """What the program did by itself, or what the journal doesn't tell, is nobody's change."""
        ticket, old = make.ticket(), make.ticket().version
        actions.accept(ticket, by=make.agent("Li Na").actor)
        with pytest.raises(Conflict, match="Li Na changed this"):
            actions.withdraw(ticket, by=BOSS, version=old, comment="x")
        with transaction():
            record("ticket.sealed", by=SYSTEM, ticket=ticket)
        with pytest.raises(Conflict) as refused:
            actions.withdraw(ticket, by=BOSS, version=old, comment="x")
        assert refused.value.text == CHANGED
        with transaction():
            mine = db.update(Event).where(Event.ticket_id == ticket.id)
            db.session.execute(mine.values(name="staff.told"))  # to tell somebody changes nothing
        with pytest.raises(Conflict) as refused:
            actions.withdraw(ticket, by=BOSS, version=old, comment="x")
        assert refused.value.text == CHANGED
        actions.withdraw(ticket, by=BOSS, version=ticket.version, comment="x")

    def test_a_customer_who_was_faster_is_not_named(self, app: Flask) -> None:
        for seconds, ago in ((0, 1), (1, 1), (2, 2), (90, "1 min")):
            with moved_to(MONDAY) as tick:
                ticket = make.ticket(subject=f"{seconds}")
                version = ticket.version
                actions.urge(ticket, by=make.CUSTOMER)
                tick(seconds)
                with pytest.raises(Conflict, match=f"The customer changed this {ago}"):
                    actions.withdraw(ticket, by=BOSS, version=version, comment="x")

    def test_nobody_takes_back_what_another_wrote_nor_what_is_elsewhere(self, app: Flask) -> None:
        agent, ticket, second = make.agent(), make.ticket(), make.ticket(subject="Another")
        said = actions.send_message(
            ticket, by=agent.actor, body="Soon.", how=How(hold=timedelta(seconds=10))
        )
        for where, by, number in (
            (ticket, make.agent("Li Na").actor, said.id),
            (ticket, BOSS, said.id),
            (second, agent.actor, said.id),
            (ticket, agent.actor, 999_999),
        ):
            with pytest.raises(NotFound):
                actions.unsend(where, by=by, message_id=number)

    def test_what_became_of_its_mail_stands_on_a_message_and_a_lost_one_in_the_journal(
        self, app: Flask
    ) -> None:
        ticket = make.ticket()
        said = actions.send_message(ticket, by=BOSS, body="Soon.")
        for state, lost in (("sent", False), ("lost", True)):
            mailed = {"state": state, "to": "q@velasco.example"}
            actions.mark_mailed(said.id, by=BOSS, mailed=mailed, lost=lost)
            assert db.session.get_one(Message, said.id).data["mailed"] == mailed
        actions.mark_mailed(999_999, by=BOSS, mailed={}, lost=True)  # gone meanwhile
        noted = [e.data for e in queries.history(ticket) if e.name == "mail.lost"]
        assert noted == [{"message": said.id, "to": "q@velasco.example"}]


class TestEnds:
    def test_a_complaint_needs_its_category_and_an_answer_to_be_closed(self, app: Flask) -> None:
        set_to("required_to_close", [])
        ticket = make.ticket(category="")
        with transaction():
            ticket.status = "callback"
        with pytest.raises(BadInput) as refused:
            actions.close(ticket, by=BOSS)
        assert set(refused.value.errors) == {"category", "reply"}

    def test_a_round_begins_where_the_case_lies(self, unit: Department) -> None:
        with_unit, at_desk = handled(unit), make.ticket(subject="Another")
        actions.reply(with_unit, by=BOSS, body="Repaired.")
        actions.answer_directly(at_desk, by=BOSS, body="Sorry.")
        actions.review(at_desk, by=BOSS)
        for ticket, status in ((with_unit, "handling"), (at_desk, "reopened")):
            actions.rework(ticket, by=BOSS, comment="not solved")
            assert (ticket.status, ticket.cycle, ticket.replied_at) == (status, 2, None)
            assert told(ticket, "ticket.rework")["cycle"] == 2
        running = {r.promise for r in promises.table(with_unit) if r.state == "running"}
        assert "department_reply" in running

    def test_a_merged_case_comes_back_with_its_call(self, app: Flask) -> None:
        stays, gone = make.ticket(), make.ticket(subject="Again")
        actions.answer_directly(gone, by=BOSS, body="Sorry.")
        actions.approve(gone, by=BOSS)
        actions.merge(gone, by=BOSS, target=stays)
        assert not callbacks.is_due(gone)
        actions.unmerge(gone, by=BOSS, comment="x")
        assert gone.status == "callback" and callbacks.is_due(gone)

    @pytest.mark.parametrize(("judged", "pause"), [(0, 5.0), (49, 5.0), (50, 0.0)])
    def test_the_scanner_goes_on_at_once_while_there_is_a_full_hand_of_files(
        self, monkeypatch: pytest.MonkeyPatch, judged: int, pause: float
    ) -> None:
        monkeypatch.setattr(scans, "scan_due", lambda: judged)
        assert scans._round() == pause
