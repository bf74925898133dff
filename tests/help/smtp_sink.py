"""A small real SMTP server on loopback: keeps what it takes, refuses what it is told to."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage


class Sink(socketserver.ThreadingTCPServer):
    """`refuse` maps an address to the answer that its RCPT gets, such as '550 no such user'.

    `after_data` is what follows a whole mail: an answer such as '451 full', 'drop' (the line is cut),
    or 'silent' (nothing comes).
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.taken: list[EmailMessage] = []
        self.reached: list[list[str]] = []  # whom each of them was for, as the envelope says
        self.refuse: dict[str, str] = {}
        self.after_data = "250 kept"
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"


class _Talk(socketserver.StreamRequestHandler):
    server: Sink

    def handle(self) -> None:
        self.say("220 sink")
        self.to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb = line[:4].upper()
            if verb in ("EHLO", "HELO"):
                self.say("250 sink")
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                self.say(answer := self.server.refuse.get(address, "250 ok"))
                self.to += [address] if answer.startswith("250") else []
            elif verb == "DATA":
                if not self.data():
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def data(self) -> bool:
        """Take one mail; False when the line is cut instead of an answer."""
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line[1:] if line.startswith(b"..") else line)
        found = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(found, EmailMessage)
        answer = self.server.after_data
        if answer.startswith(("250", "drop", "silent")):
            self.server.taken.append(found)
            self.server.reached.append(self.to)
        self.to = []
        if answer == "silent":
            self.rfile.readline()  # until the other side has had enough
        if answer in ("drop", "silent"):
            return False
        self.say(answer)
        return True

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")
