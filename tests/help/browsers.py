"""Browsers: how Chromium is started, and people on a server that runs as a process."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.help import servers
from tests.help.installations import PASSWORD
from tests.help.servers import Server

CHROMIUM = servers.chromium()
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]


class Browser:
    """A signed-in browser without a window."""

    def __init__(self, server: Server, email: str) -> None:
        self.url, self.jar = server.url, CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        page = self.opener.open(f"{self.url}/sign-in", timeout=20).read().decode()
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token is not None
        fields = {"csrf_token": token.group(1), "email": email, "password": PASSWORD}
        sent = urllib.parse.urlencode(fields).encode()
        self.opener.open(f"{self.url}/sign-in", sent, timeout=20).read()

    @property
    def cookies(self) -> str:
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)
