"""A real Asterisk on the loopback, with telephones played by sipp, where both are installed.

The tool that starts it lies beside the project; on other machines these tests are skipped with a reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpdesk.settings import Phone
from tests.help.ami_server import soon

FOLDER = Path("telephony")
ROOT = Path(os.environ.get("ASTERISK_ROOT", "/opt/asterisk-root"))
PORTS = 27_000  # and those above, as far as the tool's page says
Running = subprocess.Popen[str]


class Bed:
    """The exchange, its telephones, and who calls it. end() ends all that it started."""

    def __init__(self, tool: Path, folder: Path, extra: Path | None = None) -> None:
        self.tool, self.folder, self.extra = tool, folder, extra
        port = PORTS + 50 * (os.getpid() % 40)
        self.environ = os.environ | {"ASTBED_STATE": str(folder), "ASTBED_PORT_BASE": str(port)}
        self.phones: list[Running] = []
        self.start()

    def start(self) -> None:
        """Let the exchange run; it serves when this returns."""
        more = ["--extra-config", self.extra] if self.extra else []
        self.run("start", "--timeout", "60", *more)
        self.status: dict[str, Any] = json.loads(self.run("status", "--json"))

    def run(self, *words: object) -> str:
        """A command of the tool, until it ends."""
        given = [str(self.tool), *map(str, words)]
        done = subprocess.run(
            given, env=self.environ, capture_output=True, text=True, timeout=90, check=False
        )
        return done.stdout

    def begin(self, *words: object) -> Running:
        """A command that goes on beside the test."""
        given = [str(self.tool), *map(str, words)]
        made = subprocess.Popen(
            given, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.phones.append(made)
        return made

    def agent(self, line: str, *more: object) -> Running:
        """An agent's telephone that has registered."""
        made = self.begin("agent-answer", line, *more)
        assert made.stdout is not None
        made.stdout.readline()  # "ready"
        return made

    def calls(self, number: str, *more: object) -> Running:
        """A customer who calls in."""
        return self.begin("call", number, *more)

    def ami(self, action: str, **values: str) -> str:
        """Ask the exchange directly, as nobody of the program does."""
        return self.run("ami", action, *(f"{key}={value}" for key, value in values.items()))

    def kill(self) -> None:
        """End the exchange without a word."""
        os.kill(self.status["pid"], signal.SIGKILL)

    def hang_up_all(self) -> None:
        """End what a test began."""
        for each in self.phones:
            each.terminate()
        for each in self.phones:
            with contextlib.suppress(subprocess.TimeoutExpired):
                each.wait(5)
        self.phones.clear()

    def end(self) -> None:
        """Stop the exchange and all telephones."""
        self.hang_up_all()
        self.run("stop")

    @property
    def phone(self) -> Phone:
        """The settings that connect to it."""
        host, port = self.status["ami"].split(":")
        user, secret = self.status["ami_user"], self.status["ami_secret"]
        queue_log = f"{self.status['log']}/queue_log"
        context = "from-agents"
        return Phone(
            "asterisk", host, int(port), user, secret, context=context, queue_log=queue_log
        )

    def idle(self) -> None:
        """Wait until the last call has ended by itself."""
        soon(lambda: json.loads(self.run("status", "--json"))["calls"] == 0, 40)

    def quiet(self) -> None:
        """End what calls there are, as callers who were stopped do not."""
        self.run("cli", "channel request hangup all")
        self.idle()


_running: list[Bed] = []


@pytest.fixture(scope="module")
def testbed_of_module() -> Iterator[None]:
    """One exchange for the tests of a file; it ends with them."""
    yield
    while _running:
        _running.pop().end()


@pytest.fixture
def testbed(shared: Path, testbed_of_module: None) -> Iterator[Bed]:
    """The exchange, with no call on it."""
    tool = shared / FOLDER / "asterisk-testbed"
    if not tool.exists() or not (ROOT / "usr/sbin/asterisk").exists():
        pytest.skip("no Asterisk here: as root, run `asterisk-testbed install` beside the project")
    if not _running:
        # Its sockets have long names, and those of a test's folder would be too long.
        _running.append(Bed(tool, Path(tempfile.mkdtemp(prefix="pbx-", dir="/tmp"))))
    yield _running[0]
    _running[0].hang_up_all()
