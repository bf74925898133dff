"""Bytes in, requests out: whoever is slow waits in the crowd, and never holds a thread."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from helpdesk.web.serving.arrival import PACE, Arrival, Pace
from helpdesk.web.serving.crowd import Crowd

MOST = 1_000_000
GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /new HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789"
CHUNKED = (
    b"POST /new HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
)
UPGRADE = (
    b"GET /socket.io/ HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: WebSocket\r\n\r\n"
)


def read(arrival: Arrival) -> bytes:
    source, found = arrival.source(), b""
    while data := source.recv(1000):
        found += data
    return found


@pytest.mark.parametrize("request_", [GET, POST, CHUNKED, UPGRADE])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_: bytes, size: int) -> None:
    arrival = Arrival(MOST)
    for start in range(0, len(request_), size):
        assert not arrival.whole
        assert arrival.feed(request_[start : start + size]) == b""
    assert arrival.whole
    assert read(arrival) == request_


@pytest.mark.parametrize("first", [GET, POST, CHUNKED])
def test_what_comes_behind_a_request_belongs_to_the_next(first: bytes) -> None:
    arrival = Arrival(MOST)
    assert arrival.feed(first + POST) == POST
    assert read(arrival) == first


def test_a_request_for_a_websocket_is_known_as_one() -> None:
    asking, other = Arrival(MOST), Arrival(MOST)
    asking.feed(UPGRADE)
    other.feed(GET)
    assert (asking.asks_for_websocket, other.asks_for_websocket) == (True, False)


@pytest.mark.parametrize(
    "nonsense", [b"\x16\x03\x01\x00", b"hello\r\n\r\n", b"GET / HTTP/9\r\n\r\n"]
)
def test_what_is_no_request_is_handed_over_at_once_for_an_answer(nonsense: bytes) -> None:
    arrival = Arrival(MOST)
    arrival.feed(nonsense)
    assert (arrival.whole, arrival.broken) == (True, True)


def test_a_head_without_end_is_not_gathered_for_ever() -> None:
    arrival = Arrival(MOST)
    for _ in range(200):
        if not arrival.whole:
            arrival.feed(b"GET / HTTP/1.1\r\n" if not arrival.begun else b"X-A: " + b"a" * 1000)
    assert arrival.whole
    assert arrival.size < 100_000


def test_a_body_that_is_too_large_is_not_gathered() -> None:
    announced, chunked = Arrival(1000), Arrival(1000)
    announced.feed(POST.replace(b" 10\r", b" 1001\r"))
    assert (announced.whole, announced.too_large) == (True, True)
    chunked.feed(CHUNKED.partition(b"3\r\n")[0])
    while not chunked.whole:
        chunked.feed(b"3e8\r\n" + b"a" * 1000 + b"\r\n")
    assert chunked.too_large
    assert chunked.size < 100_000


def test_a_slow_telephone_keeps_its_upload_and_a_drip_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """30 MB at 8 kB/s take an hour; a byte a second is no upload."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    phone, drip = Pace(), Pace()
    for _second in range(3750):
        clock[0] += 1
        phone.passed(8_000)
        assert phone.until > clock[0]
    for _second in range(61):
        clock[0] += 1
        drip.passed(1)
    assert drip.until < clock[0]
    assert PACE / 60 < 300


def test_a_telephone_in_a_tunnel_has_most_of_a_minute() -> None:
    pace = Pace()
    assert pace.until - time.monotonic() > 45


@dataclass(eq=False)
class One:
    address: str = "192.0.2.1"
    until: float = field(default_factory=lambda: time.monotonic() + 60)
    weight: int = 0


class TestCrowd:
    def crowd(self, most: int = 100, each: int = 0, heaviest: int = 1000) -> Crowd:
        self.cut: list[object] = []
        return Crowd(most, each, heaviest, self.cut.append)

    def test_when_too_many_wait_the_one_that_was_silent_longest_goes(self) -> None:
        crowd, people = self.crowd(most=3), [One() for _ in range(5)]
        for one in people[:3]:
            crowd.join(one)
        crowd.heard(people[0])
        for one in people[3:]:
            crowd.join(one)
        assert self.cut == [people[1], people[2]]
        assert len(crowd) == 3

    def test_one_address_can_not_fill_it(self) -> None:
        crowd, other = self.crowd(each=2), One("192.0.2.9")
        many = [One() for _ in range(4)]
        crowd.join(other)
        for one in many:
            crowd.join(one)
        assert self.cut == many[:2]
        assert other in crowd

    def test_when_it_is_full_the_address_that_holds_most_makes_room(self) -> None:
        crowd, first = self.crowd(most=3, each=3), One("192.0.2.9")
        many = [One() for _ in range(3)]
        for one in [first, *many]:
            crowd.join(one)
        assert self.cut == [many[0]]

    def test_who_was_cut_may_still_be_heard(self) -> None:
        crowd, one = self.crowd(), One()
        crowd.join(one)
        crowd.cut_one()
        crowd.heard(one)
        crowd.leave(one)
        assert len(crowd) == 0

    def test_who_is_late_goes(self) -> None:
        crowd, late, early = self.crowd(), One(until=time.monotonic() - 1), One()
        crowd.join(late)
        crowd.join(early)
        crowd.cut_late()
        assert self.cut == [late]

    def test_what_is_kept_for_all_together_has_an_end_and_the_largest_goes_first(self) -> None:
        crowd, small, large = self.crowd(heaviest=1000), One(weight=10), One(weight=10)
        crowd.join(large)
        crowd.join(small)
        large.weight = 900
        crowd.heard(large)
        small.weight = 200
        crowd.heard(small)
        assert self.cut == [large]
        crowd.heard(small)
        assert self.cut == [large]
