"""POP3: every mail that the server has under a UIDL which we don't know."""

from __future__ import annotations

import base64
import poplib
import ssl

from helpdesk.channels.email.fetching.imap import TIMEOUT, Fetched
from helpdesk.notify.mail import connections
from helpdesk.notify.mail.mailboxes import Mailbox

poplib._MAXLINE = max(poplib._MAXLINE, 10_000_000)  # type: ignore[attr-defined]


class Pop3Door:
    """An open connection to one mailbox. Every method may raise poplib.error_proto or OSError."""

    counts_by = "UIDL"

    def __init__(self, box: Mailbox, secret: str | connections.Token) -> None:
        self.box = box
        context = ssl.create_default_context()
        if box.tls == "tls":
            self.client: poplib.POP3 = connections.Pop3Tls(
                box.host, box.port, timeout=TIMEOUT, context=context
            )
        else:
            self.client = connections.Pop3(box.host, box.port, timeout=TIMEOUT)
        if box.tls == "starttls":
            self.client.stls(context)
        if isinstance(secret, str):
            self.client.user(box.user)
            self.client.pass_(secret)
        else:
            connections.sign_in_by(secret, self._bear, poplib.error_proto)

    def _bear(self, token: str) -> None:
        """XOAUTH2 in two steps, since a command line is too short for a token (RFC 5034)."""
        said = base64.b64encode(connections.bearer_words(self.box.user, token).encode()).decode()
        self.client._shortcmd("AUTH XOAUTH2")  # type: ignore[attr-defined]
        answer = self.client._shortcmd(said)  # type: ignore[attr-defined]
        if not answer.startswith(b"+OK"):
            self.client._shortcmd("")  # type: ignore[attr-defined]  # a refusal, explained first

    def waiting(self, _above: int) -> dict[str, int]:
        """Our lasting names of all mails -> their numbers in this session, in the server's order."""
        _answer, lines, _size = self.client.uidl()
        pairs = (line.decode("ascii", "replace").split(maxsplit=1) for line in lines)
        return {f"pop.{uid}": int(number) for number, uid in pairs}

    def fetch(self, number: int, most: int) -> Fetched:
        """One mail; of one that is too large only the beginning."""
        size = int(self.client.list(number).split()[2])  # type: ignore[attr-defined]
        cut = size > most
        found = self.client.top(number, 200) if cut else self.client.retr(number)
        return Fetched(b"\r\n".join(found[1]) + b"\r\n", None, cut)

    def done(self, number: int) -> None:
        """Delete a kept mail from the server, when the mailbox is set so."""
        if self.box.done_folder:
            self.client.dele(number)

    def close(self) -> None:
        """Sign out; only this makes deletions real."""
        try:
            self.client.quit()
        except (OSError, poplib.error_proto):
            self.client.close()
