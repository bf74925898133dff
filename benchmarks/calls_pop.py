"""From "it rings" to the pop: `benchmarks/calls pop [--agents N] [--calls N]`, scaled out and embedded.

So many agents have their desk open. Calls ring at them over POST /calls/events, five a second; each page
that is told fetches its call bar, as the browser does. Counted is the time from the sending of the event
until the bar with the caller's number is there, and rings that no page was told of.
"""

from __future__ import annotations

import json
import os
import selectors
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from queue import Queue
from typing import Any

from benchmarks import cpu, desk, sites
from benchmarks.client import Client
from benchmarks.desk_pages import BLOCK, Page, opened
from tests.help.holding import room_for

RATE = 5.0  # calls a second
TOPICS = ("phone", "me", "queue:all")  # what an open desk watches
LINES = """
from sqlalchemy import select
from wsgi import app
from helpdesk.agents.models import Agent
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.core.db import transaction
with app.app_context(), transaction() as session:
    session.add(PhoneQueue(code="complaints", name="Complaints"))
    for each in session.scalars(select(Agent).where(Agent.email.like("p%@example.com"))):
        session.add(PhoneLine(agent_id=each.id, extension=str(1000 + int(each.email[1:-12]))))
"""


def measure(agents: int, calls: int) -> int:
    """Print a line for each profile; 1 where a ring was lost."""
    loop = min(cpu.milliseconds(cpu.loop) for _ in range(15))
    print(f"loop {loop:.2f} ms, load {os.getloadavg()[0]:.1f}; {RATE:.0f} calls a second")
    print(
        "| who | agents | rings | p50 ms | p95 ms | most ms | lost |\n|---|---|---|---|---|---|---|"
    )
    lost = 0
    for name, make in (("scaled out", desk.scaled), ("embedded", desk.embedded)):
        count = min(agents, desk.MOST_EMBEDDED) if name == "embedded" else agents
        with sites.folder() as folder, make(folder) as place:
            took = _ring(place, count, calls)
        lost += calls - len(took)
        shares = [took[min(len(took) - 1, int(len(took) * share))] * 1000 for share in (0.5, 0.95)]
        numbers = " | ".join(f"{each:.0f}" for each in (*shares, took[-1] * 1000))
        print(f"| {name} | {count} | {calls} | {numbers} | {calls - len(took)} |", flush=True)
    return int(lost > 0)


def _ring(place: desk.Place, agents: int, calls: int) -> list[float]:
    """Seconds until each pop was there, the quickest first."""
    cookies = json.loads(sites.script(place.site.environ, desk.PEOPLE.format(count=agents)))
    sites.script(place.site.environ, LINES)
    room_for(agents)
    listening = Desks(place, cookies)
    listening.start()
    token, sent = place.site.api(), {}
    began = time.monotonic()
    for turn in range(-10, calls):  # the first ten warm up
        time.sleep(max(0.0, began + (turn + 10) / RATE - time.monotonic()))
        agent = turn % agents
        at = time.time()
        if turn >= 0:
            sent[turn] = at
        listening.awaited[agent] = turn
        answer = token.post_json("/api/v1/calls/events", _events(turn, agent, calls))
        assert answer.status == 200, answer.text
    time.sleep(3)
    listening.stop.set()
    listening.join()
    came = dict(listening.popped.get() for _ in range(listening.popped.qsize()))
    return sorted(came[turn] - at for turn, at in sent.items() if turn in came)


def _events(turn: int, agent: int, calls: int) -> list[dict[str, Any]]:
    """A call that rings at this agent; the one that rang there before has ended."""
    known = {"provider": "pop", "call_id": f"c{turn}", "at": datetime.now(UTC).isoformat()}
    number = f"+86139{turn + calls:08}"
    return [
        known | {"event": "ringing", "seq": 1, "from": number, "to": "+862166668888"},
        known | {"event": "queued", "seq": 2, "queue": "complaints"},
        known | {"event": "offered", "seq": 3, "agent": str(1000 + agent)},
    ]


class Desks(threading.Thread):
    """The open pages: who is told of something fetches the bar."""

    def __init__(self, place: desk.Place, cookies: list[str]) -> None:
        super().__init__(daemon=True)
        host, port = place.url.removeprefix("http://").split(":")
        self.web, self.cookies = place.site.url, cookies
        self.pages = [opened((host, int(port)), each, True, TOPICS) for each in cookies]
        self.awaited: dict[int, int] = {}
        self.popped: Queue[tuple[int, float]] = Queue()
        self.stop = threading.Event()
        self.local = threading.local()

    def run(self) -> None:
        """Until told to stop."""
        with selectors.DefaultSelector() as readable, ThreadPoolExecutor(8) as browsers:
            for number, page in enumerate(self.pages):
                page.wire.setblocking(False)
                readable.register(page.wire, selectors.EVENT_READ, (number, page))
            while not self.stop.is_set():
                for key, _events in readable.select(0.2):
                    number, page = key.data
                    if self._is_told(page):
                        browsers.submit(self._look, number)

    def _is_told(self, page: Page) -> bool:
        page.kept += page.wire.recv(BLOCK)
        texts = page.texts()
        return any(b'"topic":"phone"' in each for each in texts)

    def _look(self, number: int) -> None:
        turn = self.awaited.get(number)
        client = Client(self.web, {"Accept": "text/html", "HX-Request": "true"})
        name, _is, value = self.cookies[number].partition("=")
        client.cookies = {name: value}
        page = client.get("/phone/bar").text
        if turn is not None and "call-rings" in page:
            self.popped.put((turn, time.time()))
