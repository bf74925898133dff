"""A further field of tickets is five places: shown by adding two to a copy of the program and using them.

What is done with them stands in tests/help/further_field.py, which is run inside of the copy.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VERSIONS, TICKETS = "migrations/versions", "helpdesk/tickets"
CHINESE = "helpdesk/translations/zh_Hans/LC_MESSAGES/messages.po"
MIGRATION = '''"""Two further fields of tickets"""

import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", "{last}", None, None


def upgrade() -> None:
    for name in ("shelf", "parcel"):
        op.add_column("ticket", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("shelf", "parcel"):
        op.drop_column("ticket", name)
'''
COLUMN = '    place: Mapped[str] = mapped_column(default="")\n'
LINE = '    place: str = ""\n'
FIELD = """    TicketField(
        *("shelf", N_("Shelf"), "text", NARROWS | DOORS | On.EDIT | On.SIDE | On.FOUND),
        asked=N_("Where did it stand?"),
    ),
    TicketField(
        *("parcel", N_("Parcel"), "choice", NARROWS | DOORS | On.EDIT | On.SIDE),
        choices={"whole": N_("Whole"), "torn": N_("Torn open")},
    ),
"""
PLACED = "        form.external_due_at,\n"
BEHIND = "BY_COLUMN = {each.column"
Changes = dict[str, list[tuple[str, str]]]  # by file: behind which words what is put in


def twice(line: str) -> str:
    """The line for each of the new fields, as the line of the place is."""
    return line.replace("place", "shelf") + line.replace("place", "parcel")


PLACES: dict[str, Changes] = {
    "the column, with its migration": {f"{TICKETS}/models/tickets.py": [(COLUMN, twice(COLUMN))]},
    "the entry, and the line of Intake beside it": {
        f"{TICKETS}/fields.py": [(LINE, twice(LINE)), ("\nFIELDS = (\n", FIELD)]
    },
    "the phone form, by hand": {
        "helpdesk/templates/tickets/phone.html": [
            (PLACED, PLACED.replace("external_due_at", "shelf")),
            (PLACED, PLACED.replace("external_due_at", "parcel")),
        ]
    },
    "the Chinese words": {CHINESE: [("\n\n", 'msgid "Shelf"\nmsgstr "货架"\n\n')]},
    "where lists are narrowed by it: its line of the filter": {
        f"{TICKETS}/filters.py": [(LINE, '    shelf: str = ""\n    parcel: tuple[str, ...] = ()\n')]
    },
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program with the two fields, and what its test needs."""
    slow = shutil.ignore_patterns("static", "axe-core*", "__pycache__", "instance")
    for folder in ("helpdesk", "migrations", "tests/help"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=slow)
    (tmp_path / "helpdesk/static").symlink_to(ROOT / "helpdesk/static")
    for name in ("pyproject.toml", "tests/__init__.py", "tests/conftest.py"):
        shutil.copy2(ROOT / name, tmp_path / name)
    for changes in PLACES.values():
        for name, lines in changes.items():
            put_in(tmp_path / name, lines)
    last = max(path.name[:4] for path in (ROOT / VERSIONS).glob("0*.py"))
    (tmp_path / VERSIONS / "9999_two_fields.py").write_text(MIGRATION.format(last=last), "utf8")
    return tmp_path


def put_in(path: Path, lines: list[tuple[str, str]]) -> None:
    text = path.read_text("utf8")
    for behind, more in lines:
        assert behind in text, f"{path.name} has no {behind!r} any more"
        text = text.replace(behind, behind + more, 1)
    path.write_text(text, "utf8")


@pytest.mark.thorough
def test_a_further_field_is_five_places_and_stands_in_all_that_speaks_of_fields(copy: Path) -> None:
    """Forms, correction, side pane, CSV, print, API with its description, history, search, filter."""
    page = (ROOT / "docs/architecture.md").read_text("utf8")
    told = page.partition("### A field of a ticket, in five places")[2].partition("\n## ")[0]
    touched = {name for changes in PLACES.values() for name in changes}
    assert set(re.findall(r"^\| `([\w/.]+)` \|", told, re.M)) == touched
    assert len(PLACES) == len(touched) == 5
    own = {name: value for name, value in os.environ.items() if not name.startswith("TEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:xdist",
        "tests/help/further_field.py",
    ]
    done = subprocess.run(command, cwd=copy, env=own, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0 and " passed" in done.stdout, done.stdout[-4000:]
