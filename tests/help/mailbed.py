"""The mail testbed that lies beside the project: a real Dovecot and a mail server, in private places."""

from __future__ import annotations

import imaplib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.help.servers import find, free_port

PROGRAM = Path(__file__).parents[3] / "shared/mail/mail-testbed"


class Missing(Exception):
    """There is no testbed, or it does not work here."""


class Bed:
    """The mail testbed in a folder and on ports of its own."""

    def __init__(self, folder: str) -> None:
        self.imap, self.smtp = free_port(), free_port()
        self.environ = os.environ | {
            "MAIL_TESTBED_DIR": folder,
            "MAIL_TESTBED_IMAP_PORT": str(self.imap),
            "MAIL_TESTBED_SMTP_PORT": str(self.smtp),
            "MAIL_TESTBED_PYTHON": sys.executable,
        }
        self.folder = Path(folder)
        self.used = 0

    def __call__(self, *command: str, raw: bytes = b"") -> str:
        """Run a command of the testbed; what it says. Raises Missing."""
        with (self.folder.parent / "said").open("wb") as said:  # a daemon would keep a pipe open
            done = subprocess.run(
                [PROGRAM, *command],
                input=raw,
                stdout=said,
                stderr=said,
                env=self.environ,
                timeout=120,
            )
        words = (self.folder.parent / "said").read_text()
        if done.returncode:
            raise Missing(f"the mail testbed does not work here: {words[-300:]}")
        return words

    def user(self) -> str:
        """A mailbox that no test has used."""
        self.used += 1
        return f"u{os.getpid()}x{self.used}"

    def deliver(self, user: str, raw: bytes) -> None:
        """Put a mail into somebody's INBOX."""
        self("deliver", "-", user, raw=raw)

    def inbox(self, user: str, folder: str = "INBOX") -> int:
        """How many mails lie in a folder."""
        client = imaplib.IMAP4("127.0.0.1", self.imap)
        client.login(user, "secret")
        _status, data = client.select(folder, readonly=True)
        client.logout()
        return int(data[0])


@contextmanager
def running() -> Iterator[Bed]:
    """A testbed that is there until the end of the block. Raises Missing."""
    if not PROGRAM.exists() or find("dovecot") is None:
        raise Missing("there is no Dovecot for tests here")
    with tempfile.TemporaryDirectory(prefix="hd-bed-") as folder:
        Path(folder).chmod(0o755)
        made = Bed(f"{folder}/bed")
        made("start")
        try:
            yield made
        finally:
            made("stop")
