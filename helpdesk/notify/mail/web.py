"""HTTPS to who gives tokens, over the guard of `outgoing`. Only `oauth` asks for it, and loads it when it
does: with its libraries it is 14 MB, and few mailboxes need it."""

from __future__ import annotations

import socket
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from helpdesk.core.outgoing import WEB_PORTS, connect
from helpdesk.notify.mail.connections import TIMEOUT


class _Web(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return connect(self._dns_host, self.port, _seconds(self.timeout), WEB_PORTS)


class _WebTls(HTTPSConnection, _Web):
    """TLS over the line of the next class."""


class _WebPool(HTTPConnectionPool):
    ConnectionCls = _Web


class _WebTlsPool(HTTPSConnectionPool):
    ConnectionCls = _WebTls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        """Pools whose connections are guarded."""
        super().init_poolmanager(*given, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _WebPool, "https": _WebTlsPool}


def _seconds(timeout: object) -> float:
    return float(timeout) if isinstance(timeout, int | float) else TIMEOUT


def session(*given: Any, **more: Any) -> OAuth2Session:
    """A session whose every connection goes through the guard."""
    made = OAuth2Session(*given, **more)
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Adapter())
    return made
