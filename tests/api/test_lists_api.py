"""Lists of the API: nothing in an address is ignored, and a number's list has as many rows as it says."""

from __future__ import annotations

from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.clock import moved_to
from helpdesk.statistics import groups
from helpdesk.statistics.measures import BY_CODE
from helpdesk.tickets import filters
from tests.help import factories as make
from tests.help import figures as samples
from tests.help.calls import headers, token
from tests.help.sampled import few
from tests.help.visits import visits

__all__ = ["headers"]
PERIOD = {"from": "2026-03-01", "to": "2026-03-24"}
NARROWED = (
    {"kind": "complaint"},
    {"severity": "S1,S2", "channel": ["web", "phone"]},
    {"department": "quality"},
    {"department": "none"},
    {"category": "quality"},
    {"assignee": "none"},
)


def test_no_call_ignores_a_parameter(app: Flask, client: FlaskClient) -> None:
    """Every address of the API, from the map of addresses, names what it does not know; hooks speak
    the words of their providers."""
    boss, number = token("admin"), make.ticket().number
    silent = []
    for method, path, rule in visits(app, number):
        if not rule.rule.startswith("/api/v1") or "/hooks/" in rule.rule:
            continue
        answer = client.open(f"{path}?colour=red&status_=x", method=method, headers=boss, json={})
        named = (answer.json or {}).get("errors", {})
        if answer.status_code != 422 or not {"colour", "status_"} <= set(named):
            silent.append((method, path, answer.status_code))
    assert silent == []


@pytest.mark.parametrize(
    "query",
    ["open=yes&open=no", "limit=1&limit=2", "level=soon", "late=maybe", "from=yesterday", "at=noon"]
    + ["person=me", "verdict=good", "score=6", "merged=1"],
)
def test_what_a_filter_does_not_mean_is_refused_by_name(
    client: FlaskClient, headers: dict[str, str], query: str
) -> None:
    answer = client.get(f"/api/v1/tickets?{query}", headers=headers)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {query.partition("=")[0]})


def test_the_list_takes_every_filter_of_the_page(
    client: FlaskClient, headers: dict[str, str]
) -> None:
    """Each part of a filter narrows the list down as it does on the page: none is passed over."""
    described = client.get("/api/v1/openapi.json").json["paths"]["/tickets"]["get"]["parameters"]
    taken = {each["name"] for each in described}
    of_page = {filters.NAME_OF.get(name, name) for name in filters.EMPTY}
    contract = {"status", "department", "queue", "assignee", "q", "updated_after"}
    assert of_page | contract | {"cursor", "limit"} == taken
    make.ticket()
    for query in ("open=no", "place=Nowhere", "repeat=yes", "merged=yes", "score=5", "person=999"):
        found = client.get(f"/api/v1/tickets?{query}", headers=headers)
        assert found.json["items"] == [], query


class Walker:
    """A program that follows the lists behind the numbers of the statistics."""

    def __init__(self, client: FlaskClient) -> None:
        self.client, self.headers = client, token("supervisor")
        self.known: dict[str, int] = {}

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1{path}", query_string=query, headers=self.headers)
        assert answer.status_code == 200, (path, query, answer.json)
        found: dict[str, Any] = answer.json
        return found

    def length(self, url: str) -> int:
        """How many tickets stand on all pages of a list."""
        if url not in self.known:
            path, _, query = url.partition("?")
            asked: dict[str, list[str]] = {}
            for name, value in parse_qsl(query):
                asked.setdefault(name, []).append(value)
            self.known[url] = self._walk(path, asked)
        return self.known[url]

    def _walk(self, path: str, asked: dict[str, list[str]]) -> int:
        seen, cursor = set(), ""
        for turn in count():
            page = self.get(path, **asked, limit=13, cursor=cursor)
            numbers = {each["number"] for each in page["items"]}
            assert not numbers & seen, "a ticket came twice"
            seen |= numbers
            cursor = page["next"] or ""
            if not cursor:
                return len(seen)
            assert turn < 50
        raise AssertionError("unreachable")

    def differences(self, measure: str, **query: Any) -> list[Any]:
        """Each number of a statistic whose list has another length."""
        found = self.get(f"/statistics/{measure}", **PERIOD, **query)
        whole = found | {"count": found["total"], "key": "all"}
        return [
            (measure, query, row["key"], name, row[name], url)
            for row in (whole, *found["rows"])
            for name, url in (("count", row["list_url"]), ("of", row.get("of_list_url")))
            if url and self.length(url) != row[name]
        ]


@pytest.fixture
def walker(app: Flask, client: FlaskClient) -> Any:
    samples.live(24)
    with moved_to(samples.LAST):
        yield Walker(client)


def grouped(by: str) -> list[str]:
    """The measures that can be told apart by this."""
    by_days = by in groups.OF_TIME
    return [each.code for each in BY_CODE.values() if not (each.source == "now" and by_days)]


@pytest.mark.parametrize("by", few(groups.NAMES, "day", "category"))
def test_every_list_url_of_a_statistic_has_exactly_its_count(walker: Walker, by: str) -> None:
    assert [wrong for code in grouped(by) for wrong in walker.differences(code, by=by)] == []


@pytest.mark.parametrize("narrowed", NARROWED, ids=str)
def test_it_has_so_whatever_the_numbers_are_narrowed_by(
    walker: Walker, narrowed: dict[str, Any]
) -> None:
    wrong = [
        each
        for measure in BY_CODE.values()
        for each in walker.differences(measure.code, by="channel", **narrowed)
    ]
    assert wrong == []


def test_the_walk_would_notice_a_list_that_ignores_a_filter(walker: Walker) -> None:
    everything = walker.length("/tickets")
    late = walker.get("/statistics/on_time", **PERIOD)
    assert 0 < late["total"] < everything
