"""Recordings of calls: fetched when complete, kept once, heard by those with the right, each hearing noted,
and deleted by rule or by hand."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from helpdesk import files
from helpdesk.agents.models import Agent
from helpdesk.calls.exchange_models import PhoneCommand
from helpdesk.calls.models import PhoneLine, Recording
from helpdesk.calls.recordings import fetching, hearing, keeping
from helpdesk.clock import now
from helpdesk.core.db import db, transaction
from helpdesk.core.errors import BadInput, NotAllowed, NotFound
from helpdesk.core.events import Event
from helpdesk.ops.doctor import calls as doctor
from helpdesk.tickets.models import Attachment, Ticket
from tests.help import factories as make
from tests.help.recordings import (
    Answer,
    Files,
    exchange,
    gives,
    keep,
    look,
    queue,
    recorded,
    rows,
    sound,
)
from tests.help.telephone import answered, event, take

__all__ = ["exchange"]


@pytest.fixture(autouse=True)
def _no_files(app: Flask) -> None:
    """Those of other tests are gone."""
    for key in list(files.stored_keys()):
        files.remove(key)


@pytest.fixture
def zhang(app: Flask) -> Agent:
    return make.agent("Zhang Wei")


@pytest.fixture
def boss(app: Flask) -> Agent:
    return make.agent("Chen Jie", "supervisor")


def noted(name: str) -> list[Event]:
    return list(db.session.scalars(select(Event).filter_by(name=name).order_by(Event.seq)))


def stored() -> set[str]:
    return set(files.stored_keys())


def html(client: FlaskClient, who: Agent, address: str) -> str:
    return make.sign_in(client, who).get(address).get_data(as_text=True)


def case() -> Ticket:
    return db.session.scalars(select(Ticket)).one()


# 12: recorded, playable on the ticket, heard by those with the right, each hearing noted


def test_a_recording_is_fetched_after_the_call_and_stands_with_its_length_on_call_and_case(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    assert (row.state, row.seconds, row.problem) == ("kept", 2.0, "")
    for page in (f"/calls/{row.call_id}", f"/calls/of/{case().number}"):
        said = html(client, boss, page)
        assert f'src="/calls/recordings/{row.id}/sound"' in said and "0:02" in said
    assert f'hx-get="/calls/of/{case().number}"' in html(client, boss, f"/tickets/{case().number}")
    sent = client.get(f"/calls/recordings/{row.id}/sound")
    assert sent.data == sound() and sent.mimetype == "audio/wav"
    assert sent.headers["Cache-Control"] == "no-store"
    assert "sandbox" in sent.headers["Content-Security-Policy"]
    part = client.get(f"/calls/recordings/{row.id}/sound", headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, sound()[100:200])


def test_each_hearing_is_noted_once_whatever_parts_a_player_asks_for(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    make.sign_in(client, boss)
    for wanted in ("bytes=500-", "bytes=0-", "bytes=9-20"):
        client.get(f"/calls/recordings/{row.id}/sound", headers={"Range": wanted})
    [once] = noted("call.heard")
    assert (once.by_id, once.data["recording"], once.ticket_id) == (boss.id, row.id, case().id)
    make.sign_in(client, zhang).get(f"/calls/recordings/{row.id}/sound")
    assert [each.by_id for each in noted("call.heard")] == [boss.id, zhang.id]
    assert "Heard the recording" in html(client, boss, f"/tickets/{case().number}/history")


@pytest.mark.parametrize(
    ("role", "status"),
    [("supervisor", 200), ("admin", 200), ("agent", 404), ("handler", 404), ("auditor", 404)],
)
def test_who_leads_hears_all_and_others_only_the_talks_that_were_their_own(
    client: FlaskClient, exchange: Files, zhang: Agent, role: str, status: int
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    other = make.agent("Somebody Else", role, make.department())
    address = f"/calls/recordings/{row.id}/sound"
    assert make.sign_in(client, other).get(address).status_code == status
    assert bool(noted("call.heard")) == (status == 200)
    shown = html(client, other, f"/calls/{row.call_id}")
    assert ("<audio" in shown) == (status == 200)
    assert make.sign_in(client, zhang).get(address).status_code == 200


def test_the_file_of_a_recording_is_given_by_no_other_door(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    file = db.session.get_one(Attachment, row.attachment_id)
    assert (file.ticket_id, file.message_id, file.notice_id, file.public) == (None,) * 3 + (False,)
    make.sign_in(client, boss)
    assert client.get(f"/files/{file.key}").status_code == 404
    number = case().number
    for page in ("", "/case-file", "/response-table", "/history"):
        assert file.key not in client.get(f"/tickets/{number}{page}").get_data(as_text=True)


# 27: the gap of a pause is marked


def test_a_pause_for_card_data_is_marked_on_the_recordings_line(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    began = now() - timedelta(minutes=9)
    with transaction() as session:
        session.add(PhoneLine(agent_id=zhang.id, extension="1001"))
        for at, on in ((10, True), (37, False)):
            then = began + timedelta(seconds=at)
            session.add(
                PhoneCommand(
                    provider="test", verb="record_pause", data={"call": "c1", "on": on},
                    state="done", asked_at=began - timedelta(seconds=50), done_at=then,
                )
            )  # fmt: skip
    for page in (f"/calls/{row.call_id}", f"/calls/of/{case().number}"):
        assert "paused from 1:10 to 1:37 of the call" in html(client, boss, page)


# Fetched when complete, kept exactly once


def test_a_file_that_still_grows_is_waited_for(exchange: Files, zhang: Agent) -> None:
    queue()
    exchange.put(gives(sound(1)))
    take(*answered(zhang.email), recorded(exchange.url()))
    look(1)
    exchange.put(gives(sound(3)))
    look(1)
    assert (rows()[0].state, rows()[0].tries) == ("waiting", 0) and stored() == set()
    look(1)
    assert (rows()[0].state, rows()[0].seconds) == ("kept", 3.0)


def test_nothing_is_fetched_while_the_call_lasts(exchange: Files, zhang: Agent) -> None:
    queue()
    url = exchange.put(gives(sound()))
    steps = answered(zhang.email)
    take(*steps[:5], recorded(url, 16))
    look()
    assert exchange.asked == [] and rows()[0].state == "waiting"
    take(*steps[5:])
    look()
    assert rows()[0].state == "kept"


def test_a_recording_is_kept_once_however_often_the_event_and_the_job_come(
    exchange: Files, zhang: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    take(recorded(exchange.url()), recorded(exchange.url(), 77, seq=99))
    look(3)
    keeping._keep(row.id, files.store(sound(), "twin.wav", "audio/wav"), 2.0)  # another was as fast
    assert len(rows()) == 1
    assert db.session.scalar(select(func.count()).select_from(Attachment)) == 1
    assert len(stored()) == 1 and len(noted("call.recorded")) == 1


def test_jobs_of_several_processes_keep_it_once(app: Flask, exchange: Files, zhang: Agent) -> None:
    queue()
    take(*answered(zhang.email), recorded(exchange.put(gives(sound()))))
    look(1)
    with transaction() as session:
        session.scalars(select(Recording)).one().next_at = None
    db.session.remove()
    start = threading.Barrier(4)

    def job() -> None:
        with app.app_context():
            start.wait(5)
            keeping.fetch_due()

    jobs = [threading.Thread(target=job) for _ in range(4)]
    for each in jobs:
        each.start()
    for each in jobs:
        each.join(20)
    assert rows()[0].state == "kept" and len(stored()) == 1
    assert exchange.asked == ["/1.wav"] * 2  # once to see its size, once by who was first
    assert len(noted("call.recorded")) == 1


def test_what_fails_is_told_and_tried_again_after_longer_and_longer_pauses(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    take(*answered(zhang.email), recorded(exchange.url("/gone.wav")))
    pauses = []
    for _ in keeping.PAUSES:
        look(1)
        row = rows()[0]
        assert (row.state, row.problem) == ("waiting", "missing") and row.next_at
        pauses.append(row.next_at - now())
    assert pauses == sorted(pauses) and pauses[-1] > timedelta(hours=5)
    page = f"/calls/{rows()[0].call_id}"
    assert "there is no such file" in html(client, boss, page)
    look(1)
    assert rows()[0].state == "failed" and len(noted("call.recording_failed")) == 1
    assert "could not be fetched" in html(client, boss, page)
    exchange.put(gives(sound()), "/gone.wav")
    client.post(f"/calls/recordings/{rows()[0].id}/again")
    look()
    assert rows()[0].state == "kept"


# What a hostile or broken server sends


def redirects(to: BaseException | str) -> Answer:
    return gives(b"", status=302, Location=str(to))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (gives(b"<html><script>alert(1)</script></html>", "text/html"), "not_sound"),
        (gives(b"<html><script>alert(1)</script></html>", "audio/wav"), "not_sound"),
        (gives(b"\x7fELF\x02\x01\x01" + b"\0" * 900, "audio/mpeg"), "not_sound"),
        (gives(sound(), "text/plain"), "not_sound"),
        (gives(b"", "audio/wav"), "not_sound"),
        (gives(b"no", "text/plain", 403), "refused"),
        (gives(b"no", "text/plain", 500), "refused"),
        (redirects("http://169.254.169.254/latest/meta-data"), "elsewhere"),
        (redirects("file:///etc/passwd"), "elsewhere"),
        (redirects("/other.wav"), "elsewhere"),
        (gives(sound(), Content_Length=str(2**40)), "too_large"),
        (gives(sound(), Content_Length=str(len(sound()) + 50)), "cut"),
    ],
)
def test_what_is_no_whole_sound_of_the_allowed_host_is_not_kept(
    exchange: Files, zhang: Agent, answer: Answer, problem: str
) -> None:
    queue()
    take(*answered(zhang.email), recorded(exchange.put(answer)))
    look()
    assert (rows()[0].state, rows()[0].problem) == ("waiting", problem)
    assert stored() == set() and set(exchange.asked) == {"/1.wav"}


def test_a_sound_without_end_is_cut_off_where_the_limit_is(
    exchange: Files, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 5000)

    def endless(to: object) -> None:
        answer = gives(b"", Content_Length="")
        answer(to)  # type: ignore[arg-type]
        for _ in range(100):
            to.wfile.write(sound(0.1))  # type: ignore[attr-defined]

    queue()
    take(*answered(zhang.email), recorded(exchange.put(endless)))
    look(1)
    assert rows()[0].problem == "too_large" and stored() == set()


def test_a_server_that_drips_is_left(
    exchange: Files, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "STEP", 0.2)
    stop = threading.Event()
    queue()
    take(*answered(zhang.email), recorded(exchange.put(lambda _to: stop.wait(5) or None)))
    look(1)
    stop.set()
    assert rows()[0].problem == "slow"


def test_a_host_that_is_allowed_no_more_is_not_asked(
    app: Flask, exchange: Files, zhang: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    take(*answered(zhang.email), recorded(exchange.put(gives(sound()))))
    known = replace(app.extensions["helpdesk_settings"], recording_hosts=())
    monkeypatch.setitem(app.extensions, "helpdesk_settings", known)
    look(1)
    assert rows()[0].problem == "forbidden" and exchange.asked == []


# The folder of an exchange on the same machine


@pytest.fixture
def spool(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "monitor"
    (folder / "2026" / "11").mkdir(parents=True)
    known = replace(app.extensions["helpdesk_settings"], recording_folder=str(folder))
    monkeypatch.setitem(app.extensions, "helpdesk_settings", known)
    return folder


def test_a_recording_is_taken_from_the_folder_of_an_exchange_on_this_machine(
    spool: Path, zhang: Agent
) -> None:
    queue()
    (spool / "2026" / "11" / "c1.wav").write_bytes(sound())
    take(*answered(zhang.email), recorded("spool:2026/11/c1.wav"))
    look()
    assert (rows()[0].state, rows()[0].seconds) == ("kept", 2.0)


@pytest.mark.parametrize(
    "name", ["../secret.wav", "2026/../../secret.wav", "/etc/passwd", ".hidden", "a//b", "a\\b", ""]
)
def test_a_name_that_leads_out_of_the_folder_is_no_address(spool: Path, name: str) -> None:
    with pytest.raises(BadInput):
        take(event("ringing"), recorded(f"spool:{name}"))


def test_without_a_folder_nothing_is_taken_from_this_machine(app: Flask) -> None:
    with pytest.raises(BadInput):
        take(event("ringing"), recorded("spool:c1.wav"))


@pytest.mark.parametrize("link", ["c1.wav", "2026/c1.wav"])
def test_a_link_in_the_folder_leads_nowhere(
    spool: Path, tmp_path: Path, zhang: Agent, link: str
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "c1.wav").write_bytes(sound())
    if "/" in link:
        (spool / "2026" / "11").rmdir()
        (spool / "2026").rmdir()
        (spool / "2026").symlink_to(tmp_path / "outside")
    else:
        (spool / link).symlink_to(tmp_path / "outside" / "c1.wav")
    queue()
    take(*answered(zhang.email), recorded(f"spool:{link}"))
    look()
    assert rows()[0].state == "waiting" and rows()[0].problem and stored() == set()


# Consent


@pytest.mark.parametrize(
    ("announces", "choice", "state", "problem"),
    [
        (False, None, "unwanted", "unannounced"),
        (False, "consent", "kept", ""),
        (True, None, "kept", ""),
        (True, "no-consent", "unwanted", "declined"),
    ],
)
def test_without_announcement_or_consent_no_recording_is_kept_and_the_call_says_why(
    client: FlaskClient,
    exchange: Files,
    zhang: Agent,
    boss: Agent,
    announces: bool,
    choice: str | None,
    state: str,
    problem: str,
) -> None:
    queue(announces=announces)
    said = [event("menu", 2.5, choice=choice)] if choice else []
    row = keep(exchange, zhang.email, *said)
    assert (row.state, row.problem) == (state, problem)
    assert bool(exchange.asked) == (state == "kept")
    assert case().subject == "Call about “fridge”"  # a consent is no topic
    assert ("is not kept" in html(client, boss, f"/calls/{row.call_id}")) == (state != "kept")


# The end of keeping


def test_the_job_deletes_what_its_queue_keeps_no_longer_and_says_so(
    exchange: Files, zhang: Agent, client: FlaskClient, boss: Agent
) -> None:
    queue(recording_days=30)
    row = keep(exchange, zhang.email)
    assert keeping.forget() == 0 and len(stored()) == 1
    with transaction() as session:
        session.get_one(Recording, row.id).at = now() - timedelta(days=31)
    assert keeping.forget() == 1
    row = rows()[0]
    assert (row.state, row.attachment_id) == ("deleted", None) and stored() == set()
    [told] = noted("call.recording_deleted")
    assert (told.by_kind, told.data["reason"]) == ("system", "expired")
    assert "days of keeping are over" in html(client, boss, f"/calls/{row.call_id}")


def test_a_queue_without_days_keeps_its_recordings(exchange: Files, zhang: Agent) -> None:
    queue()
    row = keep(exchange, zhang.email)
    with transaction() as session:
        session.get_one(Recording, row.id).at = now() - timedelta(days=4000)
    assert keeping.forget() == 0 and len(stored()) == 1


def test_a_kill_between_the_file_and_its_row_is_made_good_by_the_next_round(
    exchange: Files, zhang: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    with transaction():
        keeping.delete(row, "asked for", make.agent("Boss", "admin").actor)
    files.remove(db.session.scalars(select(Attachment.key)).one())  # and then killed
    assert keeping.forget() == 1
    assert rows()[0].attachment_id is None and doctor.recordings().broken == 0


def test_a_supervisor_deletes_a_recording_with_a_reason_and_nobody_hears_it_again(
    client: FlaskClient, exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    row = keep(exchange, zhang.email)
    address = f"/calls/recordings/{row.id}"
    assert (
        make.sign_in(client, zhang).post(f"{address}/delete", data={"reason": "x"}).status_code
        == 403
    )
    make.sign_in(client, boss)
    assert client.post(f"{address}/delete", data={"reason": " "}).status_code == 422
    assert len(stored()) == 1
    assert client.post(f"{address}/delete", data={"reason": "Card data"}).status_code == 303
    assert stored() == set() and client.get(f"{address}/sound").status_code == 404
    [told] = noted("call.recording_deleted")
    assert (told.by_id, told.data["reason"]) == (boss.id, "Card data")
    assert "Card data" in html(client, boss, f"/calls/{row.call_id}")


def test_what_was_deleted_before_it_was_fetched_is_never_fetched(
    exchange: Files, zhang: Agent, boss: Agent
) -> None:
    queue()
    take(*answered(zhang.email), recorded(exchange.put(gives(sound()))))
    hearing.delete(rows()[0].id, "Not wanted", boss.actor)
    look()
    assert exchange.asked == [] and rows()[0].state == "deleted"


def test_who_leads_nobody_deletes_nothing(exchange: Files, zhang: Agent) -> None:
    queue()
    row = keep(exchange, zhang.email)
    with pytest.raises(NotAllowed):
        hearing.delete(row.id, "x", zhang.actor)
    with pytest.raises(NotFound):
        hearing.heard(row.id, make.agent("Other").actor)


def test_the_doctor_finds_a_recording_without_its_file(exchange: Files, zhang: Agent) -> None:
    queue()
    row = keep(exchange, zhang.email)
    assert doctor.recordings().broken == 0
    with transaction() as session:
        session.get_one(Recording, row.id).attachment_id = None
    assert doctor.recordings().broken == 1
