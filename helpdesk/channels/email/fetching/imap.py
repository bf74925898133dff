"""IMAP: reads one folder by UIDVALIDITY and UID, never by UNSEEN, since people read it too."""

from __future__ import annotations

import imaplib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from imap_tools import MailboxFolderSelectError, MailboxLoginError

from helpdesk.notify.mail import connections
from helpdesk.notify.mail.mailboxes import Mailbox

TIMEOUT = 60  # seconds
STEP = 2.0  # seconds after which a waiting fetcher hears that it shall stop
BEGINNING = 256 * 1024  # bytes that are fetched of a mail that is too large
CLIENT = '("name" "Helpdesk" "version" "1.0" "vendor" "Helpdesk")'


@dataclass(frozen=True)
class Fetched:
    """One mail: its bytes, when it arrived at the server, whether it is only the beginning."""

    raw: bytes
    arrived_at: datetime | None
    cut: bool


class ImapDoor:
    """An open connection to the folder of one mailbox. Every method may raise what imaplib raises."""

    counts_by = "UID"

    def __init__(self, box: Mailbox, secret: str | connections.Token) -> None:
        self.box = box
        self.door = connections.ImapBox(box.host, box.port, box.tls, TIMEOUT)
        self.client: imaplib.IMAP4 = self.door.client
        if isinstance(secret, str):
            self.door.login(box.user, secret, initial_folder=None)
        else:
            connections.sign_in_by(secret, self._bear, MailboxLoginError)
        self.client._get_capabilities()  # more after the login
        if "ID" in self.client.capabilities:  # NetEase refuses SELECT without it (RFC 2971)
            imaplib.Commands.setdefault("ID", ("AUTH", "SELECTED"))
            self.client._simple_command("ID", CLIENT)
        self.validity, self.next_uid = self._open()

    def _bear(self, token: str) -> None:
        """XOAUTH2; a refusal is first explained in a challenge, which wants an empty answer."""
        said = connections.bearer_words(self.box.user, token).encode()
        try:
            self.client.authenticate("XOAUTH2", lambda challenge: b"" if challenge else said)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise MailboxLoginError(("NO", [str(error).encode()]), "OK") from error

    def _open(self) -> tuple[int, int]:
        self.door.folder.set(self.box.folder or "INBOX")
        return self._number("UIDVALIDITY"), self._number("UIDNEXT")

    def _number(self, name: str) -> int:
        _status, data = self.client.response(name)
        return int(data[0]) if data and data[0] else 0

    def require_folder(self, name: str) -> None:
        """Raise MailboxFolderSelectError when there is no such folder."""
        if not self.door.folder.exists(name):
            raise MailboxFolderSelectError(("NO", [name.encode()]), "OK")

    def waiting(self, above: int) -> dict[str, int]:
        """The UIDs above this one, rising, by our lasting names of them."""
        self.client.noop()
        status, data = self.client.uid("SEARCH", f"UID {above + 1}:*")
        _require_ok(status, data)
        uids = sorted({int(each) for each in (data[0] or b"").split()})
        return {f"{self.validity}.{uid}": uid for uid in uids if uid > above}  # n:* names the last

    def fetch(self, uid: int, most: int) -> Fetched | None:
        """One mail without marking it as read; None when somebody deleted it meanwhile."""
        status, data = self.client.uid("FETCH", str(uid), "(INTERNALDATE RFC822.SIZE)")
        line = next((each for each in data if isinstance(each, bytes)), b"")
        if status != "OK" or b"RFC822.SIZE" not in line:
            _require_ok(status, data)
            return None
        size = int(line.split(b"RFC822.SIZE")[1].split()[0].rstrip(b")"))
        part = f"<0.{BEGINNING}>" if size > most else ""
        status, data = self.client.uid("FETCH", str(uid), f"(BODY.PEEK[]{part})")
        raw = next((each[1] for each in data if isinstance(each, tuple)), None)
        if status != "OK" or raw is None:
            _require_ok(status, data)
            return None
        return Fetched(raw, _arrived(line), bool(part))

    def done(self, uid: int) -> None:
        """Move a kept mail to the done folder, when one is set."""
        if self.box.done_folder:
            self.door.move([str(uid)], self.box.done_folder)

    @property
    def has_idle(self) -> bool:
        """Whether the server tells by itself that mail came."""
        return "IDLE" in self.client.capabilities

    def wait(self, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait for news, at most so long, or until `stopped` says so."""
        until = time.monotonic() + seconds
        with self.door.idle as idle:
            while not stopped() and time.monotonic() < until:
                if idle.poll(timeout=STEP):
                    return

    def close(self) -> None:
        """Sign out, as well as that still works."""
        try:
            self.client.logout()
        except (OSError, imaplib.IMAP4.error):
            self.client.shutdown()


def _require_ok(status: str, data: object) -> None:
    if status != "OK":
        raise imaplib.IMAP4.error(str(data))


def _arrived(line: bytes) -> datetime | None:
    moment = imaplib.Internaldate2tuple(line)
    return datetime.fromtimestamp(time.mktime(moment), UTC) if moment else None
