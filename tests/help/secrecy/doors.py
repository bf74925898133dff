"""Every door of the program, made from its own lists: the addresses, the API, the sockets, the mails.

A new address is tried on the day it is added, and one whose parts have no example here is a failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import product
from urllib.parse import parse_qsl

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from helpdesk.core.db import db
from helpdesk.notify.models import Envelope
from helpdesk.realtime import changes, socketio, tail
from helpdesk.statistics import measures
from tests.help.secrecy.world import World, as_text, file_keys, html_messages

PART = re.compile(r"<(?:[^<>]+:)?(\w+)>")
Examples = Callable[[World], list[str]]
# By the name of a part, or by the beginning of the address and the name.
EXAMPLES: dict[str, Examples] = {
    "number": lambda w: [ticket.number for ticket in w.tickets.values()],
    "reference": lambda w: list(w.notices.values()),
    "person_id": lambda w: [str(ticket.person_id) for ticket in w.tickets.values()],
    "key": file_keys,
    "message_id": lambda w: [str(id_) for _number, id_ in html_messages(w)],
    "file_id": lambda w: ["1"],
    "mail_id": lambda w: [str(each) for each in w.mail_ids],
    "box_id": lambda w: ["1"],
    "agent_id": lambda w: [str(w.people["agent"].id)],
    "category_id": lambda w: ["1"],
    "rule_id": lambda w: ["1"],
    "call": lambda w: [str(each) for each in w.calls],
    "recording": lambda w: [str(each) for each in w.recordings],
    "row_id": lambda w: ["1"],
    "code_id": lambda w: ["1"],
    "call_id": lambda w: [str(each) for each in w.calls],
    "talk_id": lambda w: ["1"],
    "reply_id": lambda w: ["1"],
    "queue_id": lambda w: ["1"],
    "version_id": lambda w: ["1"],
    "simulation_id": lambda w: ["1"],
    "secret": lambda w: ["x"],
    "token": lambda w: ["x"],
    "measure": lambda w: [each.code for each in measures.BY_CODE.values()][:4],
    "/kb code": lambda w: list(w.articles),
    "/track code": lambda w: ["A" * 16],
    "/confirm code": lambda w: ["A" * 16],
    "/admin/calendars code": lambda w: ["cn-office"],
    "/admin/promises code": lambda w: ["standard"],
    "/admin/departments code": lambda w: ["quality"],
    "/statistics code": lambda w: ["received"],
}
# Further questions to an address: what a reader may type to find out more.
ASKED: dict[str, Examples] = {
    "/tickets": lambda w: (
        [f"person={t.person_id}" for t in w.tickets.values()]
        + ["q=Quillon", "q=13900774411", "q=quillon", "q=Ottoline", "repeat=yes", "open=yes"]
    ),
    "/search": lambda w: ["q=Quillon", "q=quillon%40", "q=Ottoline", "q=OWN", "q=KB", "q=leak"],
    "/customers": lambda w: ["q=Quillon", "q=Ottoline", "q=139"],
    "/canned": lambda w: [f"ticket={t.number}" for t in w.tickets.values()],
    "/kb/suggest": lambda w: ["q=fridge"],
    "/kb/related": lambda w: ["subject=fridge"],
    "/queue": lambda w: [
        f"view={code}" for code in ("mine", "all", "late", "quality", "logistics")
    ],
    "/tickets/bulk": lambda w: ["open=yes"],
    "/tickets/<number>": lambda w: ["part=case", "part=dialogs"],
    "/tickets/<number>/response-table": lambda w: ["print=1&full=1&language=both"],
    "/tickets/<number>/response-table.pdf": lambda w: ["full=1"],
    "/track/<number>": lambda w: ["new=1"],
    "/phone/caller": lambda w: ["phone=13900774411", "name=Quillon"],
    "/phone": lambda w: [f"person={t.person_id}" for t in w.tickets.values()],
    "/phone/similar": lambda w: ["subject=leaks"],
    "/notices": lambda w: ["view=all", "view=drafts"],
    "/calls": lambda w: ["stay=offered", "state=answered"],
    "/calls/report.csv": lambda w: ["by=agent", "by=interval"],
    "/api/v1/calls/advice": lambda w: ["queue=complaints&number=13900774411"],
    "/api/v1/calls/case-state": lambda w: [
        f"number={t.number}&code={t.code}" for t in w.tickets.values()
    ],
    "/api/v1/tickets": lambda w: ["q=Quillon", "q=13900774411", "limit=100"],
    "/api/v1/events": lambda w: ["after=0&limit=1000"],
    "/api/v1/tickets/<number>/events": lambda w: ["after=0&limit=1000"],
    "/api/v1/kb/search": lambda w: ["q=KB", "q=fridge"],
}
# What a door does by itself, and answers of it change the session or what is being counted.
NOT_VISITED = ("/static", "/socket.io", "/language")


class NoExample(AssertionError):
    """An address has a part for which nothing is filled in: add it to EXAMPLES."""


def examples(rule: Rule, name: str, world: World) -> list[str]:
    """What may stand for a part of an address. Raises NoExample."""
    for known, values in EXAMPLES.items():
        start, _space, part = known.rpartition(" ")
        if part == name and rule.rule.startswith(start):
            return values(world)
    raise NoExample(f"{rule.rule}: {name}")


def addresses(rule: Rule, world: World) -> Iterator[str]:
    """Every address that this rule stands for in the world, with the questions that are asked of it."""
    names = PART.findall(rule.rule)
    asked = ASKED.get(rule.rule, lambda w: [])(world)
    for values in product(*(examples(rule, name, world) for name in names)):
        path = _filled(rule.rule, values)
        yield path
        yield from (f"{path}?{query}" for query in asked)


def _filled(rule: str, values: tuple[str, ...]) -> str:
    filled = iter(values)
    return PART.sub(lambda _part: next(filled), rule)


def readable(app: Flask, api: bool) -> list[Rule]:
    """The rules that answer to GET: of the API, or all others."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(NOT_VISITED)
    ]
    return [rule for rule in rules if rule.rule.startswith("/api/v1/") is api]


def unasked(text: str, address: str) -> str:
    """The text without what the reader typed into the address: an echo gives nothing away."""
    path, _mark, query = address.partition("?")
    typed = [*path.split("/"), *(value for _name, value in parse_qsl(query))]
    for each in typed:
        if len(each) > 9 and any(letter.isdigit() for letter in each):
            text = text.replace(each, "…")
    return text


def pages(world: World, who: str) -> Iterator[tuple[str, int, str]]:
    """(rule, status, what it says) of every page that one person opens."""
    browser = world.browser(who)
    for rule in readable(world.app, api=False):
        for address in addresses(rule, world):
            answer = browser.get(address)
            yield rule.rule, answer.status_code, unasked(as_text(answer), address)


def calls(world: World, who: str) -> Iterator[tuple[str, int, str]]:
    """The same of every call that reads, with the token of one role; and of a note by it."""
    client, headers = world.app.test_client(), world.headers[who]
    for rule in readable(world.app, api=True):
        for address in addresses(rule, world):
            answer = client.get(address, headers=headers)
            yield rule.rule, answer.status_code, unasked(as_text(answer), address)


# One refused try of every form of a case: its page is drawn again with what went wrong.
TRIED = ("/tickets/<number>", "/api/v1/tickets/<number>", "/phone/", "/customers/")


def refusals(world: World, who: str, api: bool) -> Iterator[tuple[str, int, str]]:
    """What the doors say to an empty form: nothing is changed by it."""
    client = world.app.test_client() if api else world.browser(who)
    headers = world.headers[who] if api else {}
    for rule in world.app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or not rule.rule.startswith(TRIED):
            continue
        if rule.rule.startswith("/api") is not api or rule.rule.endswith(CHANGES_AT_ONCE):
            continue
        for address in addresses(rule, world):
            answer = client.post(address, headers=headers)
            yield rule.rule, answer.status_code, unasked(as_text(answer), address)


CHANGES_AT_ONCE = (
    "/claim",
    "/release",
    "/assign",
    "/urge",
    "/case-file",
    "/customers/<int:person_id>",
    "/phone/add/<number>",
    "/phone/urge/<number>",
    "/phone/talks/<int:talk_id>",
    "/phone/talks/<int:talk_id>/another",
)
EXAMPLES |= {
    "/tickets code": lambda w: ["explode"],
    "/phone/calls step": lambda w: ["explode"],
    "department_id": lambda w: [
        str(agent.department_id) for agent in w.people.values() if agent.department_id
    ],
}
HEARD = {"connect", "disconnect", "watch", "unwatch", "after", "presence"}


def topics(world: World) -> list[str]:
    """A topic of each kind, for each thing that it may be about."""
    queues = ["all", "dispatch", "quality", "logistics", "lab"]
    numbers = [ticket.number for ticket in world.tickets.values()]
    return [
        *(f"queue:{code}" for code in queues),
        *(f"ticket:{number}" for number in numbers),
        "me",
        "phone",
        "phones",
        "team",
        "wallboard",
    ]


def sockets(world: World, who: str) -> Iterator[tuple[str, int, str]]:
    """What a person hears: the answers to watch and after, and what is pushed when all is told anew."""
    browser = world.browser(who)
    socket = socketio.test_client(world.app, flask_test_client=browser)
    for topic in topics(world):
        answer = socket.emit("watch", {"topic": topic}, callback=True)
        yield f"watch {topic}", 200 if answer["ok"] else 403, as_text(answer)
        missed = socket.emit("after", {"topic": topic, "seq": 0}, callback=True)
        yield f"after {topic}", 200 if missed["ok"] else 403, as_text(missed)
    with world.app.test_request_context():
        tail.push(changes.read(0, 500))
    for heard in socket.get_received():
        yield f"push {heard['name']}", 200, as_text(heard["args"])
    socket.disconnect()


def letters(world: World, who: str) -> Iterator[tuple[str, int, str]]:
    """The mails that went to one colleague."""
    address = world.people[who].email if who in world.people else ""
    for mail in db.session.scalars(select(Envelope).where(Envelope.recipient == address)):
        yield f"mail {mail.purpose}", 200, as_text(vars(mail))
