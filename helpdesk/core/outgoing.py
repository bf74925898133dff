"""Where we connect to when somebody named the server on a page.

Each address that the name stands for is checked, and one of those is what we connect to: a name that
says something else the second time gains nothing. Private networks and other ports are allowed by
whoever runs the program (HELPDESK_MAIL_NETWORKS), never by a page.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from helpdesk.settings import settings

MAIL_PORTS = frozenset({25, 110, 143, 465, 587, 993, 995, 2525})
WEB_PORTS = frozenset({80, 443})
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
Address = IPv4Address | IPv6Address


class NotAllowedThere(ConnectionError):
    """The server lies where we may not connect to; the words name it as it was asked for."""


class _Until:
    """A moment at which all connections that were made before it are cut."""

    def __init__(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds
        self.lines: list[socket.socket] = []
        self.timer = threading.Timer(seconds, self._cut)
        self.timer.daemon = True
        self.timer.start()

    def left(self, timeout: float) -> float:
        """The timeout, or what is left. Raises TimeoutError when nothing is."""
        left = min(timeout, self.at - time.monotonic())
        if left <= 0:
            raise TimeoutError("the time for this is over")
        return left

    def watch(self, line: socket.socket) -> None:
        """Cut this one too, whatever wraps it later."""
        self.lines.append(socket.socket(fileno=os.dup(line.fileno())))

    def _cut(self) -> None:
        for line in self.lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        """Nothing is left to be cut."""
        self.timer.cancel()
        for line in self.lines:
            line.close()


_until: ContextVar[_Until | None] = ContextVar("until", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """All conversations that begin inside end after so many seconds, even with a server that drips.

    Raises TimeoutError for whatever such an end looked like.
    """
    until = _Until(seconds)
    token = _until.set(until)
    try:
        yield
    except Exception as error:
        if time.monotonic() >= until.at:
            raise TimeoutError("the server did not end in time") from error
        raise
    finally:
        _until.reset(token)
        until.end()


def watch(line: socket.socket) -> None:
    """A line that was made otherwise is cut as well when the time of within() is over."""
    until = _until.get()
    if until:
        until.watch(line)


def connect(
    host: str, port: int, timeout: float, ports: frozenset[int] = MAIL_PORTS
) -> socket.socket:
    """A connection to a checked address of this server. Raises NotAllowedThere, or OSError."""
    until, problem = _until.get(), OSError("there is no address")
    for family, address in _checked(host, port, ports):
        line = socket.socket(family, socket.SOCK_STREAM)
        try:
            line.settimeout(until.left(timeout) if until else timeout)
            line.connect(address)
            if until:
                until.watch(line)
            return line
        except OSError as error:
            line.close()
            problem = error
    raise problem


def _checked(host: str, port: int, ports: frozenset[int]) -> list[tuple[int, Any]]:
    """The addresses of this name, all of them allowed. Raises NotAllowedThere, or OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_kind, address in found:
        if not may(ip_address(str(address[0]).partition("%")[0]), port, ports):
            raise NotAllowedThere(f"{host}:{port} is not allowed (HELPDESK_MAIL_NETWORKS)")
    return [(family, address) for family, *_rest, address in found]


def may(address: Address, port: int, ports: frozenset[int]) -> bool:
    """Whether we may connect there; `ports` are the usual ones of what is spoken."""
    meant = _meant(address)
    known = settings().mail_networks
    if any(each.covers(meant, port, ports) for each in known):
        return True
    return port in ports and meant.is_global and not (meant.is_multicast or meant.is_reserved)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only carries: mapped, translated, 6to4, Teredo."""
    if isinstance(address, IPv4Address):
        return address
    if any(address in each for each in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)
