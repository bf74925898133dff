"""The command that changes rules: what it changes, and that each part still names files and tests."""

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.mutants import places, put_in
from benchmarks.mutants_made import Change, changes
from benchmarks.mutants_parts import PARTS

RULE = """
HELD = True

def is_late(at: int, due: int = 3) -> bool:
    if at >= due and HELD:
        return True
    return at - due == 1
"""


@pytest.mark.parametrize("pattern", " ".join(" ".join(part) for part in PARTS.values()).split())
def test_every_part_names_files_that_there_are(pattern: str) -> None:
    assert list(Path().glob(pattern))


def test_each_comparison_operator_number_flag_and_condition_is_turned_round_once(
    tmp_path: Path,
) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(RULE, "utf-8")
    found = list(changes(str(rule)))
    assert sorted(each.words for each in found) == [
        "1  ->  2",
        "3  ->  4",
        "True  ->  False",
        "True  ->  False",
        "at - due  ->  at + due",
        "at - due == 1  ->  at - due != 1",
        "at >= due  ->  at > due",
        "at >= due and HELD  ->  at >= due or HELD",
        "at >= due and HELD  ->  not (at >= due and HELD)",
    ]
    assert [each.words for each in found if not each.inside] == ["True  ->  False", "3  ->  4"]


def test_a_change_is_in_the_code_and_nowhere_else(tmp_path: Path) -> None:
    rule = tmp_path / "rule.py"
    rule.write_text(RULE, "utf-8")
    changed: dict[str, object] = {}
    exec(turned("at > due", rule).code(), changed)  # noqa: S102
    is_late = changed["is_late"]
    assert callable(is_late) and is_late(4) and not is_late(3)
    assert rule.read_text("utf-8") == RULE


@pytest.fixture
def is_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], bool]]:
    """The rule as it runs, loaded and then set aside, as the suite's own tests are."""
    (tmp_path / "rule_that_runs.py").write_text(RULE, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    loaded = importlib.import_module("rule_that_runs")
    gc.freeze()
    yield loaded.is_late
    del sys.modules["rule_that_runs"]
    gc.freeze()  # as the suite wants it


def turned(words: str, path: Path) -> Change:
    return next(each for each in changes(str(path)) if each.words.endswith(words))


def test_a_change_reaches_what_runs_also_where_the_suite_has_set_it_aside(
    is_late: Callable[[int], bool], tmp_path: Path
) -> None:
    assert is_late(3)
    assert put_in(turned("at > due", tmp_path / "rule_that_runs.py"))
    assert not is_late(3) and is_late(4)


NESTED = """
def outer(at: int) -> bool:
    def inner() -> bool:
        return at > 3

    return inner()


def other(at: int) -> bool:
    return at > 5
"""


def test_a_change_is_tried_by_the_tests_that_call_the_function_that_it_lies_in(
    tmp_path: Path,
) -> None:
    rule = tmp_path / "nested.py"
    rule.write_text(NESTED, "utf-8")
    for words, lines in (("at >= 3", {1, 2, 3}), ("at >= 5", {9})):
        assert {line for _file, line in places(turned(words, rule))} == lines


def test_a_change_that_reaches_nothing_is_told_from_one_that_nobody_noticed(
    is_late: Callable[[int], bool], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "never_loaded.py"
    elsewhere.write_text(RULE, "utf-8")
    assert not put_in(turned("at > due", elsewhere))
    assert is_late(3)
