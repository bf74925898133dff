"""The rules of the house that no compiler checks."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from flask import Flask

from tests.help.trees import PACKAGE as HELPDESK
from tests.help.trees import calls, nodes, sources, tree

ROOT = Path(__file__).parents[2]
LONGEST_FUNCTION, LONGEST_FILE = 60, 400
VERBS = (
    "calls",  # the only modules that note in the journal what happened
    "agents",
    "customers",
    "kb",
    "channels/email",
    "channels/phone",
    "notify/mail/tokens.py",
    "promises",
    "tickets/actions",
    "notices/actions",
    "notices/handing_on.py",
    "setup",
    "tickets/callbacks.py",
    "tickets/intake.py",
    "tickets/news.py",
    "tickets/handing_on.py",
    "tickets/queue.py",
)
TELL_TIME = ("clock", "core/i18n.py")
INLINE = re.compile(r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style(?![^>]*nonce)|javascript:", re.I)
SCRIPT = re.compile(r"<script\b([^>]*)>", re.I)


def templates() -> list[Path]:
    return sorted((HELPDESK / "templates").rglob("*.html"))


def place(path: Path) -> str:
    return path.relative_to(HELPDESK).as_posix()


def is_under(path: Path, homes: tuple[str, ...]) -> bool:
    return any(place(path) == home or place(path).startswith(f"{home}/") for home in homes)


@cache
def is_view(path: Path) -> bool:
    """Whether this module answers requests."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(map(is_route, node.decorator_list))
        for node in nodes(path)
    )


def is_route(decorator: ast.expr) -> bool:
    """Whether it binds an address: `x.get("/...")`, whatever the blueprint is called, or the API's own."""
    words = ast.unparse(decorator)
    bound = r"[\w.]+\.(get|post|put|patch|delete|route)\(|(takes|open_page)\("
    return bool(re.match(bound, words))


def test_only_verb_modules_write_the_journal() -> None:
    odd = [
        f"{place(path)}:{line}"
        for path in sources()
        for line, name in calls(path)
        if name in ("record", "events.record")
        and not is_under(path, VERBS)
        and not is_under(path, ("core/events.py",))
    ]
    assert odd == []


def test_every_address_of_the_program_stands_in_a_module_that_counts_as_a_view(app: Flask) -> None:
    """The rule below would be blind to a blueprint with a new name: the address map is its judge."""
    homes = {
        Path(inspect.getsourcefile(inspect.unwrap(view)) or "")
        for view in app.view_functions.values()
        if inspect.unwrap(view).__module__.startswith("helpdesk.")
    }
    assert len(homes) >= 40
    bound_by_hand = {"web/statics.py"}  # app.add_url_rule, before any blueprint
    blind = {place(path) for path in homes if not is_view(path)}
    assert blind == bound_by_hand


def test_views_neither_commit_nor_write_the_journal() -> None:
    forbidden = ("record", "events.record", "db.session.commit", "session.commit", "transaction")
    odd = [
        f"{place(path)}:{line} {name}"
        for path in sources()
        if is_view(path)
        for line, name in calls(path)
        if name in forbidden
    ]
    assert odd == []


def test_only_the_sanitizer_makes_trusted_html() -> None:
    odd = [
        f"{place(path)}:{line} {name}"
        for path in sources()
        if place(path) != "web/sanitize.py"
        for line, name in calls(path)
        if re.search(r"\b(Markup|render_template_string|from_string)\b", name)
    ]
    assert odd == []


def test_no_template_trusts_html_by_itself() -> None:
    odd = [
        place(path)
        for path in (HELPDESK / "templates").rglob("*")
        if path.is_file()
        and re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text(encoding="utf8"))
    ]
    assert odd == []


def test_only_the_clock_knows_what_time_it_is() -> None:
    telling = re.compile(r"(^|\.)(now|utcnow|today)$")
    odd = [
        f"{place(path)}:{line} {name}"
        for path in sources()
        if not is_under(path, TELL_TIME)
        for line, name in calls(path)
        if name.startswith(("datetime.", "date.")) and telling.search(name)
    ]
    assert odd == []


def functions() -> Iterator[tuple[str, int, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Where, how many lines, which: every function of the program."""
    for path in sources():
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                yield f"{place(path)}:{node.lineno} {node.name}", length, node


def test_no_function_is_longer_than_sixty_lines_and_most_are_short() -> None:
    known = list(functions())
    assert [(where, length) for where, length, _n in known if length > LONGEST_FUNCTION] == []
    lengths = sorted(length for _where, length, _n in known)
    assert median(lengths) <= 10
    assert lengths[int(len(lengths) * 0.95)] <= 30


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    long = []
    for path in [*sources(), *templates()]:
        length = len(path.read_text(encoding="utf8").splitlines())
        if length > LONGEST_FILE:
            long.append((path.relative_to(ROOT).as_posix(), length))
    assert long == []


def test_imports_stand_at_the_top_unless_a_comment_says_why() -> None:
    odd = []
    for path in sources():
        lines = path.read_text(encoding="utf8").splitlines()
        for where, _length, function in functions_of(path):
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    near = lines[node.lineno - 1]
                    if "#" not in near:
                        odd.append(f"{where}: {near.strip()}")
    assert odd == []


def functions_of(path: Path) -> Iterator[tuple[str, int, ast.AST]]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{place(path)}:{node.lineno}", 0, node


@pytest.mark.parametrize("path", templates(), ids=place)
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf8"), flags=re.S)
    assert [line.strip() for line in text.splitlines() if INLINE.search(line)] == []
    inline = [
        found for found in SCRIPT.findall(text) if "src=" not in found and "nonce" not in found
    ]
    assert inline == []


def test_every_public_function_of_a_module_says_what_the_caller_gets() -> None:
    silent = [
        f"{place(path)}:{node.lineno} {node.name}"
        for path in sources()
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_the_layers_hold() -> None:
    """Who may import whom: see pyproject.toml, [tool.importlinter]."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


def test_no_test_takes_from_another_what_tests_share_lies_in_one_package() -> None:
    taken = [
        f"{path.relative_to(ROOT)}: {line}"
        for folder in ("tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for line in re.findall(r"^(?:from|import) .*", path.read_text("utf-8"), re.M)
        if re.match(r"(from|import) (\S+\.)?(test_\w+|conftest)\b", line)
        or re.match(r"(from|import) tests(\.(?!help\b)\w+)+", line)
    ]
    assert taken == []
    beside = {path for path in (ROOT / "tests").rglob("*.py") if "help" not in path.parts}
    assert {p.name for p in beside if not p.name.startswith("test_")} <= {
        "__init__.py",
        "conftest.py",
    }


WHOLE_HOUSE = {  # what these try runs through many rooms; help/ is what tests share
    "browser": "journeys of people in a real browser",
    "doors": "one thing asked of every door",
    "faults": "kills, races, full disks",
    "help": "what tests share",
    "house": "rules of the tree itself",
    "secrecy": "who comes upon what",
    "upgrade": "from older editions to this one",
}


def test_each_folder_of_tests_has_the_name_of_the_room_that_it_tries() -> None:
    rooms = {str(path.relative_to(HELPDESK)) for path in HELPDESK.rglob("*/") if path.is_dir()}
    rooms |= {"assets", "benchmarks"} | WHOLE_HOUSE.keys()
    folders = {
        path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")
    }
    assert {str(each) for each in folders - {Path()}} <= rooms


def test_at_the_top_of_tests_lies_only_what_tries_the_program_as_a_whole() -> None:
    top = {path.name for path in (ROOT / "tests").glob("test_*.py")}
    assert top == {"test_cli.py", "test_profiles.py", "test_start.py"}


def test_there_is_one_mail_server_for_tests() -> None:
    tests = [path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert sum(len(re.findall(r"^def sink\(", each, re.M)) for each in tests) == 1
