"""Every regular expression of the tree costs no more than the length of the text it reads."""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections import deque
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.help.linear import SEARCHING, Automaton, trouble
from tests.help.trees import nodes, sources, tree

ROOT = Path(__file__).parents[2]
METHODS = SEARCHING | {"match", "fullmatch"}
SCRIPT_PATTERN = re.compile(
    r"(?<=[(,=:!&|? ])/((?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)/([dgimsuvy]*)[.,;)]"
)


class Used(NamedTuple):
    """A pattern, the way it is used, and where it stands."""

    pattern: str | bytes
    flags: int
    how: str
    where: str


def modules() -> Iterator[tuple[str, Path]]:
    for path in sources():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, path


def calls_of_re(path: Path) -> Iterator[ast.Call]:
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == "re":
                yield node


def named(tree: ast.Module) -> dict[ast.Call, str]:
    """The patterns that a module gives a name as it is loaded."""
    return {
        node.value: node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.targets[0], ast.Name)
    }


@cache
def methods_by_name() -> dict[str, set[str]]:
    """NAME.match, module.NAME.sub: which methods are asked of which names, anywhere."""
    found: dict[str, set[str]] = {}
    for _module, path in modules():
        for node in nodes(path):
            if isinstance(node, ast.Attribute) and node.attr in METHODS:
                owner = node.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                found.setdefault(name, set()).add(node.attr)
    return found


@cache
def patterns() -> tuple[Used, ...]:
    """Each pattern of the tree with each way in which it is used."""
    found: list[Used] = []
    for module, path in modules():
        names = named(tree(path))
        for call in calls_of_re(path):
            assert isinstance(call.func, ast.Attribute)
            where = f"{module}:{call.lineno}"
            if call.func.attr == "compile":
                made = getattr(importlib.import_module(module), names[call])
                ways = methods_by_name().get(names[call], {"search"})
                found += [Used(made.pattern, made.flags, how, where) for how in sorted(ways)]
            elif call.func.attr in METHODS:
                found.append(Used(ast.literal_eval(call.args[0]), 0, call.func.attr, where))
    return tuple(found)


def test_a_pattern_is_named_where_its_module_begins_or_written_out_where_it_is_used() -> None:
    """Then none is made at run time from somebody's words, and this file reads them all."""
    wrong = []
    for module, path in modules():
        names = named(tree(path))
        for call in calls_of_re(path):
            assert isinstance(call.func, ast.Attribute)
            plain = call.args and isinstance(call.args[0], ast.Constant) and not call.keywords
            fine = call in names if call.func.attr == "compile" else plain
            if call.func.attr != "escape" and not fine:
                wrong.append(f"{module}:{call.lineno}")
    assert wrong == []


def test_nothing_but_re_reads_patterns() -> None:
    """No second engine, no pattern of a form's validator, none that a database runs."""
    doors = re.compile(
        r"from re import|import regex|\bRegexp\(|regexp_(?:match|replace|like)|\.regexp_match|\bop\(.~"
    )
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "helpdesk").rglob("*.py")
        if doors.search(path.read_text(encoding="utf8"))
    }
    assert found == set()


def test_a_pattern_reads_each_text_in_one_way() -> None:
    found = {each: trouble(each.pattern, each.flags, each.how) for each in patterns()}
    assert len(found) > 50
    assert {each: what for each, what in found.items() if what} == {}


def test_what_pages_run_in_a_browser_is_linear_too() -> None:
    found = [
        (match[1], match[2], str(path.relative_to(ROOT)))
        for path in sorted((ROOT / "helpdesk/static/js").rglob("*.js"))
        for match in SCRIPT_PATTERN.finditer(path.read_text(encoding="utf8"))
    ]
    assert len(found) >= 2
    for pattern, letters, where in found:
        flags = re.IGNORECASE * ("i" in letters) | re.MULTILINE * ("m" in letters)
        assert trouble(pattern, flags | re.DOTALL * ("s" in letters), "search") == "", where


PAGE_ONCE = (
    r"\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(?:!doctype\s+(?:html|svg)|"
    r"(?:\w+:)?(?:html|svg|head|body|script|iframe|object|embed|img|form|meta|link|style)[\s>/])"
)


@pytest.mark.parametrize(
    ("pattern", "how", "word"),
    [
        (PAGE_ONCE, "match", "exponential"),
        (r"(a+)+b", "fullmatch", "exponential"),
        (r"(?:\w{1,40}\s?){1,40}!", "fullmatch", "exponential"),
        (r"\s+$", "sub", "power"),
        (r".*x", "search", "power"),
        (r"a(.*c)?", "sub", "power"),
        (r"<[^>]*>", "sub", "power"),
        (r"\d+\s*\d+x", "fullmatch", "power"),
        (r"[‘“]+(?=[a-z])", "search", "power"),
        (r"\s+$", "match", ""),
        (r"\s+", "sub", ""),
        (r"[a-z0-9]+(?:-[a-z0-9]+)*", "fullmatch", ""),
        (r"\{([^{}\n]*)\}", "sub", ""),
    ],
)
def test_the_reader_of_patterns_knows_slow_ones_from_good_ones(
    pattern: str, how: str, word: str
) -> None:
    found = trouble(pattern, re.IGNORECASE | re.DOTALL, how)
    assert (word in found) if word else (found == "")


def hostile(used: Used, length: int) -> Iterator[str]:
    """Texts of this length from the letters that the pattern tells apart."""
    text = used.pattern.decode("latin-1") if isinstance(used.pattern, bytes) else used.pattern
    letters = Automaton(text, used.flags & ~re.DEBUG, 10**9).letters[:9]
    for one in letters:
        for two in letters:
            yield one + two * length
            yield (one + two) * (length // 2)


def seconds(used: Used, text: str) -> float:
    """The least time of three on the processor for one use of the pattern."""
    binary = isinstance(used.pattern, bytes)
    use = getattr(re.compile(used.pattern, used.flags), used.how)
    given = [text.encode("utf8") if binary else text]
    if used.how in ("sub", "subn"):
        given.insert(0, b"" if binary else "")
    times = []
    for _each in range(3):
        began = time.process_time()
        found = use(*given)
        if used.how == "finditer":
            deque(found, maxlen=0)
        times.append(time.process_time() - began)
        if times[-1] < 0.01:
            break
    return min(times)


def test_a_text_four_times_as_long_takes_no_more_than_about_four_times_as_long() -> None:
    """Measured, where the text of 4,000 takes long enough to be measured at all."""
    for used in patterns():
        for short, long in zip(hostile(used, 4_000), hostile(used, 16_000), strict=True):
            took = seconds(used, short)
            assert took < 0.01 or seconds(used, long) < 9 * took, (used, short[:20])
