"""Pushes are written once for all who get them: as Socket.IO has it, to the right ones, whoever is slow."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from flask import Flask
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import FrameProtocol

from helpdesk.agents import sign_in
from helpdesk.agents.models import Agent
from helpdesk.core.db import transaction
from helpdesk.realtime import sockets, tail
from helpdesk.realtime.door import DEFLATES, EXTENSIONS, OpenSocket, _let_in
from helpdesk.realtime.frames import Ready
from helpdesk.realtime.sockets import watchers
from helpdesk.tickets import actions
from helpdesk.web.serving.post import FAR_BEHIND, Post
from tests.help import factories as make
from tests.help.live_pages import Browser, push

TOLD = [
    ("change", {"topic": "queue:all", "seq": 7, "name": "ticket.opened", "ticket": "2026-1"}),
    ("change", {"topic": "queue:all", "seq": 8, "html": "<li>冰箱不制冷</li>" * 50}),
    ("presence", {"ticket": "2026-1", "people": [{"id": 1, "name": "Li Na", "state": "typing"}]}),
    ("change", {"topic": "queue:all", "seq": 9, "html": "x" * 70_000}),
]


def reader(deflates: bool) -> FrameProtocol:
    """A browser's side of a websocket."""
    inflating = PerMessageDeflate()
    if deflates:
        inflating.finalize(DEFLATES)
    return FrameProtocol(client=True, extensions=[inflating])


def texts(protocol: FrameProtocol, data: bytes) -> list[str]:
    protocol.receive_bytes(data)
    found, text = list[str](), ""
    for frame in protocol.received_frames():
        text += frame.payload
        if frame.message_finished:
            found, text = [*found, text], ""
    return found


@pytest.mark.parametrize("deflates", [False, True])
def test_what_is_written_once_for_all_reads_as_a_message_of_socket_io(deflates: bool) -> None:
    ready = Ready(TOLD)
    data = ready.deflated if deflates else ready.plain
    heard = texts(reader(deflates), data)
    assert [json.loads(text.removeprefix("42")) for text in heard] == [[*each] for each in TOLD]
    assert len(ready.deflated) < len(ready.plain) / 10


class Wired:
    """A browser to which pushes are written as to one of the server's own sockets."""

    def __init__(self, app: Flask, agent: Agent, topic: str, deflates: bool = False) -> None:
        before = set(watchers)
        self.browser = Browser(app, agent)
        self.seq = self.browser.ask("watch", topic=topic)["seq"]
        [sid] = set(watchers) - before
        mine, self.theirs = socket.socketpair()
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        self.theirs.settimeout(0.2)
        self.post = Post(mine)
        watchers[sid].line.wire, watchers[sid].line.deflates = self.post, deflates
        self.protocol = reader(deflates)

    def heard(self) -> list[dict[str, Any]]:
        """All changes that it was told of since the last look."""
        data = b""
        try:
            while more := self.theirs.recv(65536):
                data += more
                self.post.go_on()
        except TimeoutError:
            pass
        return [json.loads(text.removeprefix("42"))[1] for text in texts(self.protocol, data)]


def test_everybody_hears_each_change_once_and_nobody_what_is_not_theirs(app: Flask) -> None:
    """The ready bytes go to a room, and a room has equal rights: also past emit()."""
    quality, agent = make.department(), make.agent()
    desk = Wired(app, make.agent("Zhao Min"), "queue:all")
    other = Wired(app, make.agent("Lin Yu", language="zh_Hans"), "queue:all", deflates=True)
    handler = Wired(app, make.agent("Li Na", "handler", quality), "queue:quality")
    seq, numbers = desk.seq, list[str]()
    for number in range(4):
        ticket = make.ticket(subject=f"nr {number}", confidential=number == 3)
        numbers.append(ticket.number)
        seq = push(app, seq)
    told = [desk.heard(), other.heard(), handler.heard()]
    assert [[change["ticket"] for change in heard] for heard in told] == [numbers, numbers, []]
    assert "Web form" in told[0][0]["html"]
    assert "网页" in told[1][0]["html"]
    actions.accept(ticket, by=agent.actor)
    actions.dispatch(ticket, by=agent.actor, department_id=quality.id)
    push(app, seq)
    [theirs], [ours] = handler.heard(), desk.heard()
    assert ("王芳" in theirs["html"], "王芳" in ours["html"]) == (False, True)


def test_one_who_reads_nothing_is_cut_alone_and_comes_back_whole(app: Flask) -> None:
    """The others hear everything once and in order, and what waits for the slow one stays small."""
    slow = Wired(app, make.agent("Slow"), "queue:all")
    quick = Wired(app, make.agent("Quick"), "queue:all")
    room, count = next(iter(watchers.values())).topics["queue:all"], 60
    sent = [{"topic": "queue:all", "seq": n, "html": "x" * 20_000} for n in range(count)]
    heard = []
    for each in sent:
        sockets.tell({room: Ready([("change", each)])})
        heard += quick.heard() if each["seq"] % 5 == 4 else []
        assert slow.post.waits <= FAR_BEHIND + 21_000
    assert [change["seq"] for change in heard] == list(range(count))
    slow.post.go_on()
    assert slow.post.waits == 0
    ended = False
    while not ended:
        ended = slow.theirs.recv(65536) == b""
    ticket = make.ticket()
    back = Browser(app, make.agent("Slow again"))
    back.ask("watch", topic="queue:all")
    missed = back.ask("after", topic="queue:all", seq=slow.seq)["changes"]
    assert [change["ticket"] for change in missed] == [ticket.number]


def test_one_who_comes_in_while_sessions_are_looked_at_stays(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was not among the rows that had been read, and was cut: many who came at once lost sockets."""
    first, looked = Browser(app, make.agent("First")), sign_in.standing
    late, newcomer = list[Browser](), make.agent("Newcomer")

    def standing() -> bytes:
        found = looked()
        late.append(Browser(app, newcomer))
        return found

    monkeypatch.setattr(sign_in, "standing", standing)
    tail.recheck()
    monkeypatch.undo()
    assert all(each.socket.is_connected() for each in (first, *late))
    tail.recheck()
    assert all(each.socket.is_connected() for each in (first, *late))


def test_a_look_at_all_sessions_costs_one_statement_until_something_changes(app: Flask) -> None:
    agent = make.agent()
    before = sign_in.standing()
    assert sign_in.standing() == before
    for column, value in (("ended_sessions", [["name", 1]]), ("department_id", 1), ("leads", True)):
        make.department()
        with transaction() as session:
            setattr(session.get_one(Agent, agent.id, populate_existing=True), column, value)
        after = sign_in.standing()
        assert after != before, column
        before = after


OFFERS = {
    "": False,
    "permessage-deflate; client_max_window_bits": True,
    "permessage-deflate": True,
    "permessage-deflate; server_max_window_bits=10": False,
    "x-webkit-deflate-frame": False,
}


@pytest.mark.parametrize("offer", OFFERS)
def test_messages_are_deflated_for_who_can_inflate_each_by_itself(app: Flask, offer: str) -> None:
    browser = make.sign_in(app.test_client(), make.agent())
    environ = browser.get("/healthz").request.environ | {EXTENSIONS: offer}
    cookie = browser.get_cookie("helpdesk")
    line = _let_in(app, environ | {"HTTP_COOKIE": f"helpdesk={cookie.value}"})
    assert isinstance(line, OpenSocket)
    tail.door.leave(line)
    assert line.deflates is OFFERS[offer]
