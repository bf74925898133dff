"""What is kept of counts and lists reads, after every verb, as if nothing were kept."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.clock import moved_to, now
from helpdesk.core import kept, options, outbox
from helpdesk.core.db import transaction
from helpdesk.desk.pages import ticket_lists as lists
from helpdesk.tickets import filters, queries, queue, ticket_lists
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.calls import token
from tests.help.desk import dispatched
from tests.help.faults.ticket_verbs import EVERY
from tests.help.sampled import FEW_VERBS, few
from tests.help.statements import counted

COUNT = re.compile(r'class="count">([^<]*)')
LEAD = re.compile(r'class="lead">([^<]*)')
LIST = "/api/v1/tickets"


def told(client: FlaskClient, readers: list[Agent], headers: list[dict[str, str]]) -> list[object]:
    """Every count on the page of each reader, and what the API's list says to each program."""
    pages = []
    for each in readers:
        make.sign_in(client, each)
        pages += [COUNT.findall(client.get(path).text) for path in ("/queue", "/queue?view=late")]
        pages.append(LEAD.findall(client.get("/tickets").text))
    lists = [
        client.get(f"{LIST}?lang={language}", headers=each).json
        for each in headers
        for language in ("zh_Hans", "en")
    ]
    return [*pages, *lists]


@pytest.mark.parametrize("verb", few(sorted(EVERY), *FEW_VERBS))
def test_after_each_verb_counts_and_lists_are_as_if_counted_anew(
    client: FlaskClient, verb: str
) -> None:
    work, unit = EVERY[verb](), make.department("seeing")
    readers = [
        make.agent(f"R {role} {language}", role, unit, language=language)
        for role in ("supervisor", "handler")
        for language in ("en", "zh_Hans")
    ]
    headers = [token("agent"), token("handler", unit)]
    told(client, readers, headers)
    work()
    after = told(client, readers, headers)
    kept.forget()
    options.forget()
    assert after == told(client, readers, headers)


def beside(page: str, entry: str) -> str:
    """The number beside an entry of the navigation; '' without one."""
    found = re.findall(rf'href="{entry}".*?</a>', page, re.DOTALL)
    return "".join(COUNT.findall("".join(found)))


def test_what_a_colleague_takes_is_counted_for_them_alone(client: FlaskClient) -> None:
    one, other, ticket = make.agent("One"), make.agent("Other"), make.ticket()
    for taken in (False, True):
        if taken:
            queue.claim(ticket, by=one.actor)
        for each in (one, other):
            page = make.sign_in(client, each).get("/queue?view=mine").text
            mine = "1" if taken and each is one else ""
            assert beside(page, "/queue") == mine
            assert beside(page, r"/queue\?view=mine") == (mine or "0")
            assert beside(page, r"/queue\?view=all") == "1"


def test_a_ticket_is_counted_as_late_from_its_moment_on(client: FlaskClient) -> None:
    lead, ticket = make.agent("Chen Jie", "supervisor"), make.ticket()
    assert ticket.due_at
    for second, number in ((-5, "0"), (1, "1"), (-5, "0")):
        with moved_to(ticket.due_at + timedelta(seconds=second)):
            make.sign_in(client, lead)
            head = re.search(
                r'<h1>.*?class="count">(\d+)', client.get("/queue?view=late").text, re.S
            )
        assert head and head[1] == number


def test_news_that_are_read_on_a_page_are_not_counted_on_it(client: FlaskClient) -> None:
    """Looking at a case marks its news as seen, and no event tells of that."""
    unit = make.department("seeing")
    handler, ticket = make.agent("H", "handler", unit), make.ticket()
    dispatched(ticket, unit.id)
    outbox.deliver_due()
    make.sign_in(client, handler)
    for _ in range(2):
        assert beside(client.get("/queue").text, "/news") == "1"
    assert beside(client.get(f"/tickets/{ticket.number}").text, "/news") == ""
    assert beside(client.get("/queue").text, "/news") == ""


def test_counting_again_takes_no_statement_while_nothing_happens(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Chen Jie", "supervisor"))
    make.ticket()
    client.get("/queue?part=views")
    with counted() as sent:
        client.get("/queue?part=views")
    assert len(sent) == 1, "who asks"
    make.ticket()
    with counted() as sent:
        client.get("/queue?part=views")
    assert [each for each in sent if "GROUP BY" in each]


def test_a_setting_holds_on_the_next_page(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Ada", "supervisor"))
    assert "Acme Lamps" not in client.get("/queue").text
    with transaction():
        options.put("company_en", "Acme Lamps")
        options.put("company_zh", "Acme Lamps")
    assert "Acme Lamps" in client.get("/queue").text


def test_a_long_list_says_that_it_has_more_and_a_short_one_how_many(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_COUNTED", 2)
    for language, one, more in (
        ("en", ["1 ticket", "2 tickets"], "More than 2 tickets"),
        ("zh_Hans", ["共 1 张工单", "共 2 张工单"], "超过 2 张工单"),
    ):
        make.sign_in(client, make.agent(f"R {language}", "supervisor", language=language))
        for said in (*one, more, more):
            make.ticket(subject=language)
            assert LEAD.findall(client.get(f"/tickets?q={language}").text) == [said]


@pytest.mark.parametrize("sort", sorted(ticket_lists.ORDERS))
@pytest.mark.parametrize("open_", ["", "yes"])
def test_the_pages_of_a_list_hold_each_ticket_once_in_its_order(
    app: Flask, sort: str, open_: str
) -> None:
    """Also where several have one moment, and where those without one begin in the midst of a page."""
    column = ticket_lists.ORDERS[sort].column.key
    with moved_to(now()):
        made = [make.ticket() for _ in range(7)]
    with transaction() as session:
        for ticket, hours in zip(made, (2, 1, 1, None, 1, None, None), strict=True):
            at = now() + timedelta(hours=hours) if hours else None
            if at or ticket_lists.ORDERS[sort].nullable:
                setattr(session.get_one(Ticket, ticket.id), column, at)
    for size in (1, 2, 3, 4, 7):
        after = ""
        found: list[int] = []
        while after or not found:
            wanted = filters.Filter(open=open_)
            page = ticket_lists.page(wanted, make.SUPERVISOR, sort, after, size)
            assert len(page.tickets) <= size
            found += [each.id for each in page.tickets]
            after = page.next
        one = ticket_lists.page(wanted, make.SUPERVISOR, sort, size=50).tickets
        assert found == [each.id for each in one] and len(set(found)) == 7


ONCE = re.compile(
    r'nonce="[^"]*"|data-now="[^"]*"|name="once"[^>]*>|csrf[-_]token"[^>]*>|<form class="inline"[^>]*>'
)
PAGES = (
    "/queue",
    "/queue?view=late&pane=1",
    "/tickets?status=registered",
    "/search?q=repair",
    "/me",
)


def test_pages_of_different_people_read_as_if_nothing_were_kept(client: FlaskClient) -> None:
    """Whatever is personal stands outside of what is kept, or in its key."""
    unit = make.department("seeing")
    people = [make.agent(f"R {role}", role, unit) for role in ("agent", "handler", "supervisor")]
    sealed = make.ticket(subject="repair", confidential=True)
    whose = queries.person_of(dispatched(sealed, unit.id)).name
    seen: dict[tuple[str, str], list[str]] = {}
    with moved_to(now()):
        for fresh in (False, False, True):
            for who in people:
                make.sign_in(client, who)
                for page in PAGES:
                    if fresh:
                        kept.forget()
                        options.forget()
                    seen.setdefault((who.name, page), []).append(
                        ONCE.sub("", client.get(page).text)
                    )
    assert [asked for asked, texts in seen.items() if len(set(texts)) != 1] == []
    named = {name for (name, _page), texts in seen.items() if whose in texts[0]}
    assert named == {"R agent", "R supervisor"}
