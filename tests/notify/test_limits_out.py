"""How much goes out: a mailbox's pace, the cap of an address and of a company, a server that closes."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk.clock import moved_to, now
from helpdesk.core.db import db, transaction
from helpdesk.core.outbox import deliver_due
from helpdesk.customers.people import Asker
from helpdesk.notify import paces
from helpdesk.notify.envelopes import send_due
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.notify.models import Envelope
from tests.help import factories as make
from tests.help.smtp_sink import Sink


def states() -> dict[str, int]:
    counted = select(Envelope.state, func.count()).group_by(Envelope.state)
    return dict(db.session.execute(counted).all())  # type: ignore[arg-type]


def from_people(many: int, host: str, **more: object) -> None:
    for n in range(many):
        make.ticket(subject=f"nr {n}", person=Asker(email=f"p{n}@{host}"), **more)
    deliver_due(limit=500)


def test_a_mailbox_sends_no_faster_than_its_provider_takes(sink: Sink, client: FlaskClient) -> None:
    """The rest waits its turn; that is no failure, so the installation stays ready."""
    with transaction() as session:
        session.add(Mailbox(name="support", address="s@example.net", kind="smtp", per_minute=3))
    with moved_to(now()) as tick:
        from_people(8, "example.com", channel="email", mail={"mailbox": "support"})
        assert len(sink.taken) == 3
        for _round in range(5):
            tick(11)
            send_due()
        assert len(sink.taken) == 3, "not within the minute"
        tick(11)
        send_due()
        assert len(sink.taken) == 6
        tick(61)
        send_due()
        assert (len(sink.taken), states()) == (8, {"sent": 8})


def test_a_backlog_of_the_pace_does_not_make_the_installation_unready(
    sink: Sink, client: FlaskClient
) -> None:
    with transaction() as session:
        session.add(Mailbox(name="support", address="s@example.net", kind="smtp", per_minute=1))
    with moved_to(now()) as tick:
        from_people(2, "example.com", channel="email", mail={"mailbox": "support"})
        assert states() == {"sent": 1, "queued": 1}
        tick(11 * 60)
        assert client.get("/readyz").json["checks"]["mail"]["ok"]


def test_zero_means_no_pace(sink: Sink) -> None:
    with transaction() as session:
        session.add(Mailbox(name="support", address="s@example.net", kind="smtp", per_minute=0))
    from_people(40, "example.com", channel="email", mail={"mailbox": "support"})
    assert len(sink.taken) == 40


def test_one_company_cannot_be_bombed_through_us_and_a_provider_is_no_company(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Caps per address and domain: many addresses of one victim are one victim."""
    monkeypatch.setattr(paces, "MOST_TO_DOMAIN", 4)
    from_people(7, "victim.example")
    assert states() == {"sent": 4, "queued": 3}
    from_people(7, "qq.com")
    assert states() == {"sent": 11, "queued": 3}


def test_letters_beyond_a_companys_pace_wait_and_leave_in_their_order(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own moment; none fails, none is lost, and a new one does not overtake."""
    monkeypatch.setattr(paces, "MOST_TO_DOMAIN", 4)
    with moved_to(now()) as tick:
        from_people(13, "one.example")
        assert states() == {"sent": 4, "queued": 9}
        waiting = select(Envelope.error, Envelope.refused).where(Envelope.state == "queued")
        assert set(db.session.execute(waiting).all()) == {("domain", True)}
        tick(30 * 60)
        send_due()
        assert len(sink.taken) == 4, "not within the hour"
        tick(30 * 60 + 1)
        make.ticket(subject="later", person=Asker(email="later@one.example"))
        deliver_due(limit=500)
        for _hour in range(4):
            for _look in range(4):
                send_due()
                tick(11)
            tick(60 * 60 + 1)
        assert states() == {"sent": 14}
    order = [str(each["To"]) for each in sink.taken]
    assert order == [f"p{n}@one.example" for n in range(13)] + ["later@one.example"]


def test_a_letter_that_waited_for_two_days_has_a_day_of_tries_before_it(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paces, "MOST_TO_DOMAIN", 1)
    with moved_to(now()) as tick:
        from_people(2, "one.example")

        monkeypatch.setattr(paces, "MOST_TO_DOMAIN", 1)
        tick(48 * 3600)
        sink.refuse["p1@one.example"] = "451 not now"
        send_due()
        assert states() == {"sent": 1, "retry": 1}


def test_the_page_of_sent_mails_says_why_a_letter_waits(
    sink: Sink, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paces, "MOST_TO_DOMAIN", 1)
    from_people(2, "one.example")
    make.sign_in(client, make.agent(role="supervisor"))
    assert "its receivers have had as many in this hour as we send" in client.get("/mail/sent").text


def test_a_server_that_closes_for_all_holds_all_back_and_nobody_is_lost(sink: Sink) -> None:
    """421: nothing is wrong with the mail; one a minute asks for all."""
    with moved_to(now()) as tick:
        for n in range(3):
            sink.refuse[f"p{n}@example.com"] = "421 too many from you"
        from_people(3, "example.com")
        tick(61)
        before = states()
        send_due()
        tries = db.session.scalars(select(Envelope.tries)).all()
        assert before == {"retry": 3} and sum(tries) == 2, (
            "one of the three asked for all, each time"
        )
        sink.refuse.clear()
        tick(61)
        send_due()
        assert states() == {"sent": 3}
