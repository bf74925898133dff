"""A websocket's socket belongs to the thread that bears it, and may be closed late."""

from __future__ import annotations

import socket
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from helpdesk.web.serving.threads import Threads


@pytest.mark.parametrize("is_borne", [True, False])
def test_the_loop_waits_for_no_socket_that_another_thread_will_close(is_borne: bool) -> None:
    """Its number came back with the next caller, and the loop ended: nobody was answered any more."""
    ended: list[Any] = []
    settled: list[Any] = []
    here, there = socket.socketpair()
    arrival = SimpleNamespace(drop=bool, too_large=False, broken=False)
    sock = SimpleNamespace(begin=bool, unsent=())
    caller = SimpleNamespace(is_borne=is_borne, arrival=arrival, bare=here, sock=sock, stays=False)
    loop = SimpleNamespace(alive=True, _end=ended.append, _settle=settled.append)
    done: Future[bool] = Future()
    done.set_result(True)
    with here, there:
        Threads.finish_request(loop, caller, done)  # type: ignore[arg-type]
    assert (ended, settled) == (([caller], []) if is_borne else ([], [caller]))
