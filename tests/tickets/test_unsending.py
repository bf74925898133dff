"""An answer can be taken back for ten seconds; nothing of it is lost, and nobody outside saw it."""

from __future__ import annotations

import re
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from helpdesk import promises, search
from helpdesk.clock import moved_to, now
from helpdesk.core import options
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import HelpdeskError, NotFound, Refused
from helpdesk.core.events import Event
from helpdesk.core.outbox import Delivery, deliver_due
from helpdesk.customers.people import Asker
from helpdesk.files import store
from helpdesk.notify.models import Envelope
from helpdesk.ops import doctor
from helpdesk.promises.models import Promise
from helpdesk.settings import settings
from helpdesk.simulator.facts import cases
from helpdesk.tickets import actions, callbacks, queries, tracking
from helpdesk.tickets.models import Attachment, Message, Ticket
from tests.help import factories as make
from tests.help.desk import get
from tests.help.faults.crashing import killed_at
from tests.help.smtp_sink import Sink

WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai, inside office hours
TEN = actions.How(hold=timedelta(seconds=10))
COLUMNS = [column.key for column in Promise.__table__.columns]
WORDS = "压缩机已更换，请放心使用。"


def quiet(**more: Any) -> Ticket:
    """A ticket whose customer got no receipt: each mail that goes out is an answer."""
    return make.ticket(channel="email", mail={"automatic": True}, **more)


def handled() -> Ticket:
    ticket = quiet()
    actions.accept(ticket, by=make.SUPERVISOR)
    actions.dispatch(ticket, by=make.SUPERVISOR, department_id=make.department().id)
    actions.sign(ticket, by=make.SUPERVISOR)
    actions.handle(ticket, by=make.SUPERVISOR)
    return ticket


def seen(ticket: Ticket) -> dict[str, Any]:
    """All of a ticket that an answer can move."""
    db.session.expire_all()
    fresh = db.session.get_one(Ticket, ticket.id)
    rows = [tuple(getattr(row, name) for name in COLUMNS) for row in promises.table(fresh)]
    alarms = db.session.execute(
        select(Alarm.kind, Alarm.subject_id, Alarm.level, Alarm.due_at).order_by(
            Alarm.kind, Alarm.subject_id
        )
    ).all()
    kept = (fresh.status, fresh.due_at, fresh.waiting_since, fresh.replied_at, fresh.assignee_id)
    return {"rows": rows, "alarms": alarms, "kept": kept}


def newest(ticket: Ticket) -> Message:
    found = select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id.desc())
    return db.session.scalars(found.limit(1)).one()


def finds(words: str) -> bool:
    query = search.matching(words, "ticket", db.engine.dialect.name)
    return db.session.scalar(query) is not None


def track(client: FlaskClient, ticket: Ticket) -> str:
    """What the customer sees."""
    code = tracking.secret(ticket, settings().secret_key)
    client.get(f"/track/{ticket.number}/{code}")
    return get(client, f"/track/{ticket.number}")


@pytest.mark.parametrize("verb", ["reply", "answer_directly", "send_message"])
def test_what_was_taken_back_leaves_ticket_promises_and_clocks_as_they_were(
    app: Flask, verb: str
) -> None:
    by = make.agent("Chen Jie", "supervisor").actor
    with moved_to(WEDNESDAY) as tick:
        ticket = handled() if verb == "reply" else quiet()
        tick(60)
        before = seen(ticket)
        getattr(actions, verb)(ticket, by=by, body=WORDS, how=TEN)
        assert seen(ticket) != before and finds(WORDS)
        tick(8)
        draft = actions.unsend(ticket, by=by, message_id=newest(ticket).id)
        assert doctor.broken_promises() == []
    assert seen(ticket) == before
    assert (draft.kind, draft.public, draft.body) == ("draft", False, WORDS)
    assert not finds(WORDS) and finds("冰箱修了三次")
    noted = db.session.scalars(select(Event).order_by(Event.seq.desc()).limit(1)).one()
    assert (noted.name, noted.data["message"], noted.by_id) == ("ticket.unsend", draft.id, by.id)


def test_after_an_answer_was_taken_back_every_text_of_the_case_still_finds_it(app: Flask) -> None:
    """Also the name that came with it, where a colleague has picked somebody of another name."""
    by = make.agent("Chen Jie", "supervisor").actor
    known = make.ticket().person_id
    facts = {"product": "BCD-520"}
    ticket = quiet(
        person=Asker(name="张伟"), person_id=known, place="浦东新区", fields=facts, proof=""
    )
    texts = ("张伟", "王芳", "浦东新区", "BCD-520", ticket.number, "要求退款")
    assert [each for each in texts if not finds(each)] == []
    actions.send_message(ticket, by=by, body=WORDS, how=TEN)
    actions.unsend(ticket, by=by, message_id=newest(ticket).id)
    assert [each for each in texts if not finds(each)] == []


def with_words(sink: Sink) -> int:
    """How many mails carry the answer; colleagues are written to as well."""
    return sum(WORDS in each.get_body().get_content() for each in sink.taken)


def test_an_answer_that_stays_goes_out_after_ten_seconds_and_counts_from_the_first(
    app: Flask, sink: Sink
) -> None:
    by = make.agent("Chen Jie", "supervisor").actor
    with moved_to(WEDNESDAY) as tick:
        ticket = handled()
        tick(60)
        actions.reply(ticket, by=by, body=WORDS, how=TEN)
        met = {row.promise: row.met_at for row in promises.table(ticket) if row.met_at}
        assert met["first_answer"] == met["resolve"] == WEDNESDAY + timedelta(seconds=60)
        deliver_due()
        assert with_words(sink) == 0
        tick(11)
        deliver_due()
        assert with_words(sink) == 1
    assert ticket.status == "replied"


def test_nothing_waits_for_the_browser_or_the_program(app: Flask, sink: Sink) -> None:
    """A kill after the answer was stored changes nothing: the row in the outbox is the timer."""
    by = make.agent().actor
    with moved_to(WEDNESDAY) as tick:
        ticket = quiet()
        number = ticket.id
        killed_at(
            lambda: actions.send_message(ticket, by=by, body=WORDS, how=TEN), after_commit=True
        )
        db.session.expire_all()
        assert newest(db.session.get_one(Ticket, number)).body == WORDS
        tick(11)
        deliver_due()
    assert len(sink.taken) == 1


def test_a_kill_before_the_commit_of_taking_back_leaves_the_answer_to_go_out(
    app: Flask, sink: Sink
) -> None:
    by = make.agent().actor
    with moved_to(WEDNESDAY) as tick:
        ticket = quiet()
        message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
        killed_at(lambda: actions.unsend(ticket, by=by, message_id=message.id), after_commit=False)
        tick(11)
        deliver_due()
        db.session.expire_all()
        assert len(sink.taken) == 1 and newest(ticket).kind == "staff"


def test_the_customer_s_page_shows_words_and_files_only_when_they_stay(
    app: Flask, client: FlaskClient
) -> None:
    by, photo = make.agent().actor, store(b"%PDF-1.4 x", "receipt.pdf", "application/pdf")
    with moved_to(WEDNESDAY) as tick:
        ticket = quiet()
        actions.send_message(ticket, by=by, body=WORDS, files=(photo,), how=TEN)
        page = track(client, ticket)
        assert WORDS not in page and "receipt.pdf" not in page
        assert client.get(f"/track/{ticket.number}/files/{photo.key}").status_code == 404
        tick(13)
        page = track(client, ticket)
        assert WORDS in page and "receipt.pdf" in page
        assert client.get(f"/track/{ticket.number}/files/{photo.key}").status_code == 200


def test_after_ten_seconds_it_is_too_late_and_a_sentence_says_so(app: Flask) -> None:
    by = make.agent().actor
    with moved_to(WEDNESDAY) as tick:
        ticket = quiet()
        message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
        tick(11)
        with pytest.raises(Refused, match="too late"):
            actions.unsend(ticket, by=by, message_id=message.id)
    assert newest(ticket).public


def test_what_is_on_its_way_is_not_taken_back_even_when_a_clock_says_there_is_time(
    app: Flask, sink: Sink
) -> None:
    """The outbox decides, not the clock of one machine."""
    by, ticket = make.agent().actor, quiet()
    message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
    row = db.session.scalars(select(Delivery).where(Delivery.subscriber == "mail.answer")).one()
    with transaction():
        row.state, row.tries = "running", 1
    with pytest.raises(Refused, match="too late"):
        actions.unsend(ticket, by=by, message_id=message.id)


@pytest.mark.parametrize("newer", ["customer", "colleague", "move"])
def test_something_newer_on_the_ticket_keeps_the_answer(app: Flask, newer: str) -> None:
    by, ticket = make.agent().actor, quiet()
    message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
    if newer == "customer":
        actions.add_customer_message(ticket, by=make.CUSTOMER, body="急！", channel="email")
    elif newer == "colleague":
        actions.send_message(ticket, by=make.SUPERVISOR, body="我来处理。")
    else:
        actions.accept(ticket, by=make.SUPERVISOR)
    with pytest.raises(Refused, match="newer"):
        actions.unsend(ticket, by=by, message_id=message.id)


def test_an_internal_note_of_a_colleague_does_not_keep_it(app: Flask) -> None:
    by, ticket = make.agent().actor, quiet()
    message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
    actions.note(ticket, by=make.SUPERVISOR, body="已看到。")
    assert actions.unsend(ticket, by=by, message_id=message.id).kind == "draft"


def test_only_its_author_takes_it_back_and_the_second_click_changes_nothing(app: Flask) -> None:
    by, other, ticket = make.agent().actor, make.agent("Li Na").actor, quiet()
    message = actions.send_message(ticket, by=by, body=WORDS, how=TEN)
    for who in (other, make.SUPERVISOR):
        with pytest.raises(NotFound):
            actions.unsend(ticket, by=who, message_id=message.id)
    actions.unsend(ticket, by=by, message_id=message.id)
    events = len(db.session.scalars(select(Event)).all())
    actions.unsend(ticket, by=by, message_id=message.id)
    assert len(db.session.scalars(select(Event)).all()) == events


def test_of_taking_back_and_sending_exactly_one_wins(app: Flask, sink: Sink) -> None:
    """Twenty races at the last moment: never taken back and sent, never neither."""
    by, outcomes = make.agent().actor, []
    with moved_to(WEDNESDAY) as tick:
        tickets = [quiet(subject=f"第{n}台") for n in range(20)]
        held = [actions.send_message(t, by=by, body=f"{t.number}!", how=TEN) for t in tickets]
        numbers = [(t.id, m.id) for t, m in zip(tickets, held, strict=True)]
        tick(10)  # the last moment of the one is the first of the other
        db.session.remove()
        ready = threading.Barrier(2)

        def take_back() -> None:
            with app.app_context():
                ready.wait(30)
                for number, message in numbers:
                    outcomes.append(_outcome(by, number, message))
                db.session.remove()

        def send() -> None:
            with app.app_context():
                ready.wait(30)
                while deliver_due(5):
                    pass
                db.session.remove()

        threads = [threading.Thread(target=work) for work in (take_back, send)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        deliver_due()
    kinds = dict(db.session.execute(select(Message.id, Message.kind)).all())  # type: ignore[arg-type]
    sent = Counter(mail.message_ref for mail in db.session.scalars(select(Envelope)))
    for _ticket, message in numbers:
        assert sent[message] == (kinds[message] == "staff"), (kinds[message], sent[message])
    assert len(sink.taken) == outcomes.count("too_late") == list(kinds.values()).count("staff")
    assert len(outcomes) == 20 and set(outcomes) <= {"too_late", "taken back"}


def _outcome(by: Any, number: int, message: int) -> str:
    try:
        actions.unsend(db.session.get_one(Ticket, number), by=by, message_id=message)
    except HelpdeskError as error:
        db.session.rollback()
        return error.code
    return "taken back"


def desk(client: FlaskClient) -> Any:
    agent = make.agent("Zhang Wei")
    make.sign_in(client, agent)
    return agent


def form(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="(\d+)"', page)
    assert found, name
    return found[1]


def test_the_page_offers_it_with_a_key_and_gives_the_words_and_files_back(
    client: FlaskClient, sink: Sink
) -> None:
    """Without JavaScript: a plain button, and the words stand in the box of the page that follows."""
    desk(client)
    photo = (b"%PDF-1.4 x", "receipt.pdf")
    ticket = quiet()
    address = f"/tickets/{ticket.number}"
    with moved_to(WEDNESDAY) as tick:
        data = {"mode": "message", "body": WORDS, "files": (BytesIO(photo[0]), photo[1])}
        client.post(f"{address}/messages", data=data)
        page = get(client, address)
        unsend = f"{address}/messages/{newest(ticket).id}/unsend"
        assert f'action="{unsend}"' in page and "Undo (10 s)" in page and 'data-key="b"' in page
        tick(3)
        assert "Undo (7 s)" in get(client, address)
        answer = client.post(unsend)
        assert answer.status_code == 303
        page = get(client, answer.location.partition("#")[0])
        assert f">{WORDS}</textarea>" in page and "receipt.pdf" in page and "autofocus" in page
        assert page.count(WORDS) == 1, "the words stand in the box only"
        assert re.search(r'value="message" checked', page)
        resent = {
            "mode": "message",
            "body": f"{WORDS}（更正）",
            "draft": form(page, "draft"),
            "keep": form(page, "keep"),
        }
        client.post(f"{address}/messages", data=resent)
        assert "draft-back" not in get(client, address)
        tick(11)
        deliver_due()
    [mail] = sink.taken
    assert "（更正）" in mail.get_body().get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == ["receipt.pdf"]
    assert [m.kind for m in queries.conversation(ticket)] == ["customer", "staff"]


def test_a_draft_is_seen_by_its_author_alone_and_can_be_thrown_away(client: FlaskClient) -> None:
    me = desk(client)
    ticket = quiet()
    photo = store(b"%PDF-1.4 x", "receipt.pdf", "application/pdf")
    message = actions.send_message(ticket, by=me.actor, body=WORDS, files=(photo,), how=TEN)
    actions.unsend(ticket, by=me.actor, message_id=message.id)
    with client.application.test_client() as other:
        make.sign_in(other, make.agent("Li Na"))
        assert WORDS not in get(other, f"/tickets/{ticket.number}")
        gone = other.post(f"/tickets/{ticket.number}/messages/{message.id}/discard")
        assert gone.status_code == 404
    assert WORDS in get(client, f"/tickets/{ticket.number}")
    client.post(f"/tickets/{ticket.number}/messages/{message.id}/discard")
    assert WORDS not in get(client, f"/tickets/{ticket.number}")
    assert db.session.scalars(select(Attachment)).all() == []


def test_too_late_is_told_on_the_page(client: FlaskClient) -> None:
    desk(client)
    ticket = quiet()
    with moved_to(WEDNESDAY) as tick:
        client.post(f"/tickets/{ticket.number}/messages", data={"mode": "message", "body": WORDS})
        message = newest(ticket)
        tick(11)
        answer = client.post(f"/tickets/{ticket.number}/messages/{message.id}/unsend")
        text = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "It is too late to take it back" in text
    assert "Undo (" not in text


def test_zero_seconds_switch_it_off(client: FlaskClient, sink: Sink) -> None:
    desk(client)
    with transaction():
        options.put("undo_seconds", 0)
    ticket = quiet()
    client.post(f"/tickets/{ticket.number}/messages", data={"mode": "message", "body": WORDS})
    assert "Undo (" not in get(client, f"/tickets/{ticket.number}")
    deliver_due()
    assert len(sink.taken) == 1


def test_programs_send_at_once(app: Flask, client: FlaskClient, sink: Sink) -> None:
    """The API has no second thoughts unless it asks for them."""
    ticket = quiet()
    actions.send_message(ticket, by=make.SUPERVISOR, body=WORDS)
    deliver_due()
    assert len(sink.taken) == 1 and WORDS in track(client, ticket)


def test_the_simulator_counts_no_answer_that_was_taken_back(app: Flask) -> None:
    by, ticket = make.agent("Chen Jie", "supervisor").actor, quiet()
    actions.answer_directly(ticket, by=by, body=WORDS, how=TEN)
    actions.unsend(ticket, by=by, message_id=newest(ticket).id)
    day = timedelta(days=1)
    [case] = cases(0, now() - day, now() + day, 10, words=False)
    assert [event.name for event in case.events] == ["ticket.opened"]
    assert not callbacks.is_due(ticket)
