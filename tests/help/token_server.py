"""A small OAuth2 provider on loopback: real HTTP, one client, codes and refresh tokens that end."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

CLIENT, SECRET = "helpdesk", "client-secret"


class TokenServer(ThreadingHTTPServer):
    """`make` gives an access token for the mail server. Refresh tokens rotate: each is good once."""

    daemon_threads = True

    def __init__(self, make: Callable[[], str], life: int = 3600) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.make, self.life = make, life
        self.number, self.good = 1, {"refresh-1"}
        self.codes: dict[str, str] = {}  # code -> code challenge
        self.asked: list[str] = []  # the kind of each question
        self.refusal = ""  # what it answers instead, such as invalid_grant
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/token"

    def answer(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """What the provider says to a form."""
        with self.lock:
            self.asked.append(form.get("grant_type", ""))
            if self.refusal:
                return 400, {"error": self.refusal, "error_description": "it was taken back"}
            if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
                return 401, {"error": "invalid_client"}
            if not self._fits(form):
                return 400, {"error": "invalid_grant"}
            self.number += 1
            refresh = f"refresh-{self.number}"
            self.good = {refresh}
        token = {"access_token": self.make(), "token_type": "Bearer", "expires_in": self.life}
        return 200, token | {"refresh_token": refresh}

    def _fits(self, form: dict[str, str]) -> bool:
        if form.get("grant_type") == "refresh_token":
            return form.get("refresh_token") in self.good
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return self.codes.pop(form.get("code", ""), None) == challenge


class _Answer(BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        code, said = self.server.answer({k: v[0] for k, v in parse_qs(raw).items()})
        body = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Not on the console."""
