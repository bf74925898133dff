"""A browser and people on a server that runs as a process."""

from __future__ import annotations

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

from tests.help.servers import (
    Server,
)

PASSWORD = "seven green bicycles"


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


def people(server: Server) -> str:
    """An agent who can sign in, and the token of a program."""
    who = ("users", "add", "li.na@example.com", "--name", "Li Na", "--role", "agent")
    added = server.flask(*who, "--password-stdin", text=PASSWORD)
    assert added.returncode == 0, added.stderr
    made = server.flask("tokens", "add", "CRM", "--role", "agent")
    return made.stdout.strip()
