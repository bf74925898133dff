"""Processes that are forked from one program: begun, begun again, ended."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.ops import processes
from tests.help import installations
from tests.help.servers import (
    ROOT,
    environment,
    find,
    flask,
    postgresql,
    redis,
    served,
    wait_until,
)


@contextmanager
def together(works: dict[str, Callable[[], object]]) -> Iterator[int]:
    """These works as processes of one that is forked from this one; ended at the latest here."""
    pid = os.fork()
    if not pid:
        try:
            processes.Together(works).run()
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGTERM)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def noted(file: Path) -> Callable[[], object]:
    """A work that notes its process and goes on until it is ended."""

    def work() -> None:
        with file.open("a") as to:
            to.write(f"{os.getpid()}\n")
        time.sleep(60)

    return work


def begun(file: Path) -> list[int]:
    return list(map(int, file.read_text().split())) if file.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_who_is_killed_is_begun_again_and_all_end_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PAUSE", 0.05)
    one, other = tmp_path / "one", tmp_path / "other"
    with together({"one": noted(one), "other": noted(other)}):
        wait_until(lambda: begun(one) and begun(other), 10, "both")
        os.kill(begun(one)[0], signal.SIGKILL)
        wait_until(lambda: len(begun(one)) == 2, 10, "another one")
    assert len(begun(other)) == 1
    assert not any(map(alive, begun(one) + begun(other)))


def test_a_work_that_fails_is_tried_again_and_keeps_no_other_from_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PAUSE", 0.05)
    tries, other = tmp_path / "tries", tmp_path / "other"

    def failing() -> None:
        with tries.open("a") as to:
            to.write("1\n")
        raise ValueError("no database yet")

    with together({"failing": failing, "other": noted(other)}):
        wait_until(lambda: len(begun(tries)) > 2, 10, "three tries")
        wait_until(lambda: begun(other) != [], 10, "the other")
    assert len(begun(other)) == 1


@pytest.mark.parametrize("names", [["live", "web"], ["web", "cleaner"]])
def test_live_stands_alone_and_odd_names_are_refused_with_those_that_there_are(
    app: Flask, names: list[str]
) -> None:
    done = app.test_cli_runner().invoke(args=["processes", *names])
    assert done.exit_code == 2
    assert "it takes web, background, worker, alarms, fetch, serve" in done.output


@pytest.mark.redis
@pytest.mark.thorough
@pytest.mark.skipif(
    find("initdb") is None or find("redis-server") is None,
    reason="PostgreSQL or Redis is not installed",
)
def test_web_and_background_from_one_program_serve_ring_and_fetch(tmp_path: Path) -> None:
    with ExitStack() as parts:
        environ = environment(
            tmp_path,
            DATABASE_URL=parts.enter_context(postgresql()),
            REDIS_URL=parts.enter_context(redis()),
            SECRET_KEY="a key that all processes share",
        )
        assert flask("prepare", environ=environ).returncode == 0
        installations.people(environ)
        command = [str(ROOT / "bin/process"), "web", "background"]
        web = parts.enter_context(served(command, environ, tmp_path / "log"))
        wait_until(lambda: web.get("/readyz").status == 200, 30, "timers and deliveries")
        assert web.flask("doctor").returncode == 0
    assert "Traceback" not in web.log.read_text(encoding="utf8")


def runs(pid: int) -> bool:
    """Whether it still does something; who ended and was never asked for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_stands_beside_a_process_ends_with_it_even_when_that_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "PAUSE", 0.1)
    file = tmp_path / "begun"
    first = os.fork()
    if not first:
        processes.beside(lambda: processes.Together({"connect": noted(file)}).run())
        time.sleep(60)
        os._exit(0)
    wait_until(lambda: begun(file))
    [pid] = begun(file)
    os.kill(pid, signal.SIGKILL)  # and it is begun again while the first one lives
    wait_until(lambda: len(begun(file)) == 2)
    os.kill(first, signal.SIGKILL)
    os.waitpid(first, 0)
    wait_until(lambda: not runs(begun(file)[-1]))
