"""Does a test hold each rule? Change a rule a little, many times, and see whether its tests notice.

    benchmarks/mutants clock --seed 5              # 40 changes, each tried by the part's tests
    benchmarks/mutants routing --seed 6 --count 10
    benchmarks/mutants --files helpdesk/tickets/queue.py --tests tests/tickets/test_queue.py

A change turns one comparison, operator, small number, flag or condition round, in memory: no file
changes. Each is tried in a process of its own by the tests that call the changed function, quick ones
first (by all of them when it is outside of functions), and ends in one of four ways: a test
failed (the rule is held), the program did not even load, time ran out, or nobody noticed. All but the
first are printed with their line. What nobody noticed is a rule that no test holds, code that is not needed,
or a change that can't matter.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import importlib
import importlib.util
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

import pytest

from benchmarks.mutants_made import Change, changes
from benchmarks.mutants_parts import PARTS

HELD, BROKEN, LATE, UNSEEN = "held", "did not load", "timed out", "nobody noticed"
ENDS = {0: UNSEEN, 1: HELD}
Loaded = tuple[list[FunctionType], list[Any]]
Place = tuple[str, int]  # of a function: its file and first line


class Trial:
    """A pytest plugin: runs the gathered tests, quickest first, until one fails.

    With `changes` it then stays at this point, all gathered and set up, and tries each of them in a
    copy of the process; `told` hears how each ended.
    """

    def __init__(
        self,
        seconds: dict[str, float],
        changes: list[Change] | None = None,
        told: Callable[[str, str], None] = print,
    ) -> None:
        self.seconds, self.changes, self.told = seconds, changes, told
        self.calls: dict[str, set[Place]] = {}
        self.loaded: Loaded | None = None
        self.kept: list[Any] = []  # caches: what one test had done, the next would not call
        self.failed, self.now = False, ""

    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Take down how long each test took, and whether one failed."""
        self.seconds[item.nodeid] = self.seconds.get(item.nodeid, 0) + call.duration
        skipped = call.excinfo and call.excinfo.errisinstance(pytest.skip.Exception)
        self.failed |= call.excinfo is not None and not skipped

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """The tests as they are; then the tests with each change."""
        if self.changes is None:
            self.run(session, session.items)
            return True
        files = {change.file for change in self.changes}
        _, self.kept = loaded(files)
        with self.called(files):
            self.run(session, session.items)
        if self.failed:
            return True
        self.kept, self.loaded = [], loaded(files)
        for change in self.changes:
            tests = self.callers(session, change)
            limit = 30 + 5 * sum(self.seconds[each.nodeid] for each in tests)
            end = apart(
                lambda change=change, tests=tests: self.changed(session, change, tests), limit
            )
            self.told(str(change), end)
        return True

    def callers(self, session: pytest.Session, change: Change) -> list[pytest.Item]:
        """The tests that have called a function in which the change lies."""
        inside = places(change)
        return [each for each in session.items if inside & self.calls.get(each.nodeid, set())]

    @contextlib.contextmanager
    def called(self, files: set[str]) -> Iterator[None]:
        """Take down which functions of these files each test calls, also in threads of its own."""

        def seen(frame: FrameType, what: str, _: object) -> None:
            code = frame.f_code
            if what == "call" and code.co_filename in files:
                self.calls.setdefault(self.now, set()).add((code.co_filename, code.co_firstlineno))

        threading.setprofile(seen)
        sys.setprofile(seen)
        yield
        sys.setprofile(None)
        threading.setprofile(None)

    def run(self, session: pytest.Session, items: list[pytest.Item]) -> int:
        """The end of one run, as a process tells it. Nothing is torn down: more runs may follow."""
        items = sorted(items, key=lambda item: self.seconds.get(item.nodeid, 0))
        for item, after in zip(items, [*items[1:], session], strict=True):
            self.now = item.nodeid
            for cache in self.kept:
                cache.cache_clear()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
            if self.failed:
                break
        return int(self.failed)

    def changed(self, session: pytest.Session, change: Change, tests: list[pytest.Item]) -> int:
        """The same with one function changed. A change that reaches nothing says nothing of tests."""
        return self.run(session, tests) if put_in(change, self.loaded) else 2


def places(change: Change) -> set[Place]:
    """The functions that a change lies in, from the outermost to the innermost."""
    return {
        (change.file, code.co_firstlineno)
        for code in _codes(change.code())
        if code.co_firstlineno <= change.line <= max(line or 0 for *_, line in code.co_lines())
    }


def loaded(files: set[str]) -> Loaded:
    """The functions of these files as they run now, and whatever is cached.

    What the tests set aside is not listed unless it is brought back for a moment.
    """
    gc.unfreeze()
    every = gc.get_objects()
    functions = [each for each in every if isinstance(each, FunctionType)]
    caches = [each for each in every if isinstance(each, functools._lru_cache_wrapper)]
    del every
    gc.freeze()
    return [each for each in functions if each.__code__.co_filename in files], caches


def put_in(change: Change, those: Loaded | None = None) -> bool:
    """Give every function made from the changed one its new code, and forget what was cached.

    False when no function was another one afterwards.
    """
    new = {_place(code): code for code in _codes(change.code())}
    functions, caches = those or loaded({change.file})
    reached = False
    for found in functions:
        if found.__code__.co_filename == change.file:
            before, found.__code__ = found.__code__, new[_place(found.__code__)]
            reached |= before != found.__code__
    for cache in caches:
        cache.cache_clear()
    return reached


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _codes(inner)


class Finder(SourceFileLoader):
    """Loads the one module whose change is not inside a function."""

    def __init__(self, change: Change) -> None:
        self.change = change
        super().__init__(change.module, change.file)

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """What the import system asks: only the changed module is found here."""
        if fullname != self.change.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        """The changed file."""
        return self.change.code()


def anew(change: Change, tests: list[str], seconds: dict[str, float]) -> int:
    """The end of a run for which the house is loaded anew, with this change in it."""
    sys.meta_path.insert(0, Finder(change))
    trial = Trial(seconds)
    ended = pytest.main(["-q", *tests], plugins=[trial])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return 2
    return int(trial.failed)


def apart(work: Callable[[], int], limit: float) -> str:
    """How work in a process of its own ends, quietly and not later than in `limit` seconds."""
    pid = os.fork()
    if not pid:
        os.setsid()
        os._exit(work())
    until = time.monotonic() + limit
    while time.monotonic() < until:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return ENDS.get(os.waitstatus_to_exitcode(status), BROKEN)
        time.sleep(0.02)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return LATE


def reported(work: Callable[[Callable[[Any], None]], int]) -> Iterator[Any]:
    """What work in a process of its own tells, as it tells it."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reading)
        hush()
        with os.fdopen(writing, "w", buffering=1) as to:
            work(lambda told: print(json.dumps(told), file=to, flush=True))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as lines:
        yield from map(json.loads, lines)
    os.waitpid(pid, 0)


def hush() -> None:
    """Let this process print nothing, unless MUTANTS_ALOUD is set."""
    if not os.environ.get("MUTANTS_ALOUD"):
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            os.dup2(nowhere, stream)


def warm() -> None:
    """Load what others wrote, once, so that each process loads only the house itself."""

    def names(tell: Callable[[Any], None]) -> int:
        for name in ("helpdesk.app", "tests.conftest", "hypothesis"):
            importlib.import_module(name)
        tell([name for name in sys.modules if not name.startswith(("helpdesk", "tests"))])
        return 0

    for name in next(reported(names)):
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def ends(drawn: list[Change], tests: list[str]) -> Iterator[tuple[str, str]]:
    """Each change in words with its end. Raises SystemExit when the tests fail unchanged."""
    inside = [change for change in drawn if change.inside]
    seconds: dict[str, float] = {}

    def at_once(tell: Callable[[Any], None]) -> int:
        trial = Trial({}, inside, lambda words, end: tell([words, end]))
        pytest.main(["-q", *tests], plugins=[trial])
        tell({} if trial.failed else trial.seconds)
        return 0

    for told in reported(at_once):
        if isinstance(told, list):
            yield told[0], told[1]
        elif not told:
            sys.exit("The tests fail before anything was changed.")
        else:
            seconds = told
    limit = 60 + 5 * sum(seconds.values())
    for change in drawn:
        if not change.inside:
            yield (
                str(change),
                apart(lambda change=change: hush() or anew(change, tests, seconds), limit),
            )


def main() -> int:
    """Try changes drawn at random and print what came of each."""
    asked = _asked()
    files, tests = PARTS[asked.part] if asked.part else ("", "")
    tests = _found(asked.tests or tests.split())
    every = [change for path in _found(asked.files or files.split()) for change in changes(path)]
    count = min(asked.count or len(every), len(every))
    drawn = random.Random(asked.seed).sample(every, count)
    warm()
    counted: Counter[str] = Counter()
    for words, end in ends(drawn, tests):
        counted[end] += 1
        if end != HELD:
            print(f"  {end}: {words}", flush=True)
    told = ", ".join(f"{number} {end}" for end, number in counted.most_common())
    print(f"{asked.part or 'files'}, seed {asked.seed}: {count} of {len(every)} changes: {told}")
    return 0


def _asked() -> argparse.Namespace:
    line = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    line.add_argument("part", nargs="?", choices=sorted(PARTS))
    line.add_argument("--count", type=int, default=40, help="0 tries every change")
    line.add_argument("--seed", type=int, default=1)
    line.add_argument("--files", nargs="+", default=[])
    line.add_argument("--tests", nargs="+", default=[])
    return line.parse_args()


def _found(patterns: list[str]) -> list[str]:
    return [str(path) for pattern in patterns for path in sorted(Path().glob(pattern))]


if __name__ == "__main__":
    sys.exit(main())
