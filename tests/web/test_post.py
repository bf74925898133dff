"""What is written to websockets: whoever reads slowly waits alone, and is cut when far behind."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from helpdesk.web.serving.post import FAR_BEHIND, Post, send_on

MESSAGE = b"m" * 10_000


@pytest.fixture
def pair() -> Iterator[tuple[Post, socket.socket]]:
    """What writes, and its client, who takes little at once."""
    mine, theirs = socket.socketpair()
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    theirs.settimeout(5)
    yield Post(mine), theirs
    mine.close(), theirs.close()


def fill(post: Post) -> int:
    """Write until something waits; how many messages that were."""
    count = 0
    while not post.waits:
        post.sendall(MESSAGE)
        count += 1
    return count


def taken(theirs: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (data := theirs.recv(65536)):
        found += data
    return found


def test_who_writes_never_waits_and_nothing_is_lost_or_out_of_order(
    pair: tuple[Post, socket.socket],
) -> None:
    """Also where many threads write, and the client takes it much later."""
    post, theirs = pair
    stop = threading.Event()
    going_on = threading.Thread(target=send_on, args=(stop,))
    going_on.start()
    first = fill(post)
    for number in range(20):
        post.sendall(b"%05d" % number * 100)
    size = first * len(MESSAGE) + 20 * 500
    found = taken(theirs, size)
    stop.set()
    going_on.join()
    assert found == MESSAGE * first + b"".join(b"%05d" % n * 100 for n in range(20))
    assert (post.waits, post in Post.behind) == (0, False)


def test_each_message_is_sent_in_one_piece_whoever_writes_at_the_same_time(
    pair: tuple[Post, socket.socket],
) -> None:
    post, theirs = pair
    letters = b"abcd"
    writers = [
        threading.Thread(target=lambda one=one: [post.sendall(one * 3000) for _ in range(10)])
        for one in (bytes([letter]) for letter in letters)
    ]
    for each in writers:
        each.start()
    found = b""
    while len(found) < 4 * 10 * 3000:
        post.go_on()
        found += theirs.recv(3000)
    for each in writers:
        each.join()
    pieces = [found[at : at + 3000] for at in range(0, len(found), 3000)]
    assert all(len(set(piece)) == 1 for piece in pieces)


def test_a_client_that_takes_nothing_is_cut_and_keeps_no_memory(
    pair: tuple[Post, socket.socket],
) -> None:
    post, theirs = pair
    for _ in range(2 * FAR_BEHIND // len(MESSAGE)):
        post.sendall(MESSAGE)
        assert post.waits <= FAR_BEHIND + len(MESSAGE)
        if not post.waits and post in Post.behind:
            break
    post.go_on()
    assert (post.waits, post in Post.behind) == (0, False)
    theirs.settimeout(5)
    while theirs.recv(65536):
        pass  # it ends, after what was there


def test_one_message_may_be_longer_than_what_may_wait(pair: tuple[Post, socket.socket]) -> None:
    """What a page missed comes as one answer: cutting it off would have it asked for again for ever."""
    post, theirs = pair
    answer = b"a" * (3 * FAR_BEHIND)
    post.sendall(answer)
    found, end = b"", time.monotonic() + 20
    while len(found) < len(answer) and time.monotonic() < end:
        post.go_on()
        found += theirs.recv(65536)
    assert found == answer


def test_a_client_that_is_gone_is_told_of_to_who_writes(pair: tuple[Post, socket.socket]) -> None:
    post, theirs = pair
    theirs.close()
    with pytest.raises(OSError):
        post.sendall(MESSAGE)


def test_who_says_much_is_read_from_slowly_and_a_page_at_once(
    pair: tuple[Post, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked in a loop waits on the asker's side and not in our memory."""
    post, theirs = pair
    moment, slept = 1000.0, list[float]()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    monkeypatch.setattr(time, "sleep", slept.append)
    for _ in range(8):
        theirs.sendall(b"a" * 4096)
        assert len(post.recv(4096)) == 4096
    assert slept == [0, 0, 0, 0, 0, 2, 4, 6]
    moment += 60
    theirs.sendall(b"b")
    post.recv(4096)
    assert slept[-1] == 0
