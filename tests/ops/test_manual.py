"""The tables of moves as the manual prints them."""

from __future__ import annotations

from helpdesk.notices import lifecycle as notices_lifecycle
from helpdesk.ops import manual
from helpdesk.tickets import lifecycle


def test_the_printed_table_has_a_line_for_every_move_of_a_ticket() -> None:
    lines = manual.tickets().splitlines()
    assert len(lines) == len(lifecycle.TABLE.rows) + 2
    assert lines[0] == "| move | from | to | who | must be filled | kinds |"
    assert lines[2].startswith("| accept | registered | accepted | agent, supervisor, admin | - |")


def test_the_printed_table_has_a_line_for_every_move_of_a_notice() -> None:
    lines = manual.notices().splitlines()
    assert len(lines) == len(notices_lifecycle.TABLE.rows) + 2
    assert any("responsible department" in line for line in lines)


def test_every_line_has_the_same_number_of_cells() -> None:
    for table in (manual.tickets(), manual.notices()):
        assert len({line.count("|") for line in table.splitlines()}) == 1
