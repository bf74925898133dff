"""Asks a malware scanner about a file: clamd over its socket, or any command by its exit code."""

from __future__ import annotations

import shlex
import socket
import struct
import subprocess
from pathlib import Path

MOST_SECONDS = 60.0  # for one file
CLEAN, INFECTED = "clean", "infected"
_CHUNK = 1 << 16


class Unavailable(Exception):
    """The scanner gave no verdict: it is away, too slow, or does not take this file."""


def verdict(scanner: str, path: Path) -> str:
    """CLEAN or INFECTED. `scanner` as in HELPDESK_SCANNER. Raises Unavailable."""
    kind, _colon, where = scanner.partition(":")
    try:
        return _clamd(where, path) if kind == "clamd" else _command(where, path)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from error


def _command(line: str, path: Path) -> str:
    """0 is clean and 1 is infected, as clamscan and most others say; all else is no verdict."""
    done = subprocess.run(  # noqa: S603 - the command is named by whoever runs the program
        [*shlex.split(line), str(path)],
        capture_output=True,
        timeout=MOST_SECONDS,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode not in (0, 1):
        raise Unavailable(f"exit code {done.returncode}: {done.stderr[-200:]!r}")
    return INFECTED if done.returncode else CLEAN


def _clamd(where: str, path: Path) -> str:
    """clamd's INSTREAM: pieces behind their length, ended by a length of 0."""
    with _connected(where) as line, path.open("rb") as file:
        line.sendall(b"zINSTREAM\0")
        while chunk := file.read(_CHUNK):
            line.sendall(struct.pack("!L", len(chunk)) + chunk)
        line.sendall(struct.pack("!L", 0))
        said = _answer(line)
    if said.endswith(" FOUND"):
        return INFECTED
    if not said.endswith(" OK"):
        raise Unavailable(said[:200] or "clamd said nothing")
    return CLEAN


def _connected(where: str) -> socket.socket:
    """Whoever runs the program names the scanner: a path, or host:port."""
    if where.startswith("/"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(MOST_SECONDS)
        line.connect(where)
        return line
    host, _colon, port = where.rpartition(":")
    return socket.create_connection((host, int(port)), MOST_SECONDS)


def _answer(line: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and (piece := line.recv(4096)):
        said += piece
    return said.rstrip(b"\0").decode("utf8", "replace").strip()
