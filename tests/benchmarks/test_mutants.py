"""The command that changes rules: what it changes, and that each part still names files and tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mutants_made import changes
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
    turned = next(each for each in changes(str(rule)) if each.words.endswith("at > due"))
    changed: dict[str, object] = {}
    exec(turned.code(), changed)  # noqa: S102
    is_late = changed["is_late"]
    assert callable(is_late) and is_late(4) and not is_late(3)
    assert rule.read_text("utf-8") == RULE
