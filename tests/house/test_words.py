"""One word a thing: the glossary, texts with several meanings, and texts that can't be translated."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest
import wtforms
from babel.messages.catalog import Catalog
from flask import Flask
from flask_wtf import csrf

from helpdesk.core import i18n
from helpdesk.core.errors import HelpdeskError
from helpdesk.desk.printing.handling import BY, WORDS
from helpdesk.notices.clock import STEP_NAMES
from helpdesk.promises.words import PROMISE_NAMES
from helpdesk.setup.speech import PRINTED_BY, Speech
from helpdesk.tickets import choices, lifecycle
from helpdesk.web.forms import ODD, SAID_BY_WTFORMS, OwnWords
from helpdesk.words import casefile
from tests.help.trees import PACKAGE, nodes, sources

GLOSSARY = PACKAGE.parent / "docs/words.md"
MARKS = {name for name in i18n.KEYWORDS if not name[0].isupper()} | {"N_", "P_"}
REFUSALS = {each.__name__ for each in HelpdeskError.__subclasses__()} | set(i18n.KEYWORDS) - MARKS


def glossary() -> list[tuple[str, str | None, str]]:
    """(English, meaning, Chinese) of each row."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*) ?\| ([^|]+) \|$", GLOSSARY.read_text("utf-8"), re.M)
    cells = [tuple(cell.strip() for cell in row) for row in rows]
    return [(en, meaning or None, zh) for en, meaning, zh in cells if en not in ("English", "---")]


@cache
def catalogue() -> Catalog:
    return i18n.catalogue()


def chinese(text: str, meaning: str | None) -> str:
    found = catalogue().get(text, meaning)
    assert found is not None, (text, meaning)
    return found.string if isinstance(found.string, str) else found.string[0]


def test_the_catalogue_says_what_the_glossary_says() -> None:
    rows = glossary()
    assert len(rows) > 50
    other = [(en, what, zh) for en, what, zh in rows if chinese(en, what) != zh]
    assert other == []


def test_no_text_has_two_meanings_without_a_context() -> None:
    """Two Chinese words for one English text: each has a meaning, one alone may be the usual one."""
    meanings: dict[str, list[str | None]] = defaultdict(list)
    for english, what, _zh in glossary():
        meanings[english].append(what)
    twice = [(english, found) for english, found in meanings.items() if len(found) > len({*found})]
    assert twice == []


def test_every_meaning_of_the_catalogue_stands_in_the_glossary() -> None:
    marked = {(each.id, each.context) for each in catalogue() if each.id and each.context}
    assert marked == {(en, what) for en, what, _zh in glossary() if what}


def called(node: ast.AST) -> str:
    """The name of what is called, '' for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def untranslatable(source: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """Texts that look translated and are not: marked inside an f-string, which no extraction reads,
    or put together before they are looked up.
    """
    for node in source:
        if isinstance(node, ast.JoinedStr):
            for part in ast.walk(node):
                if called(part) in MARKS and any(isinstance(a, ast.Constant) for a in part.args):  # type: ignore[attr-defined]
                    yield node.lineno, ast.unparse(part)
        if called(node) in MARKS | REFUSALS and node.args:  # type: ignore[attr-defined]
            text = node.args[0]  # type: ignore[attr-defined]
            if isinstance(text, ast.JoinedStr | ast.BinOp) or called(text) in ("format", "join"):
                yield node.lineno, ast.unparse(node)


def test_no_translated_text_stands_in_an_f_string_or_is_put_together_first() -> None:
    found = [
        (str(path.relative_to(PACKAGE)), *each)
        for path in sources()
        for each in untranslatable(nodes(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "x = f\"{say(N_('Printed by'))} {by}\"",
        "x = f\"{_('late')}\"",
        "x = _('%s left' % rest)",
        "x = _(f'{rest} left')",
        "x = gettext('a' + b)",
        "raise Refused('{} left'.format(rest))",
    ],
)
def test_the_guard_sees_each_way_to_lose_a_translation(source: str) -> None:
    assert list(untranslatable(ast.walk(ast.parse(source))))


def test_a_text_in_another_place_is_another_word(app: Flask) -> None:
    by_code = {field.code: field.choices for field in casefile.FIELDS}
    fault = next(words["none"] for words in by_code.values() if "none" in words)
    close = next(move for move in lifecycle.TABLE if move.code == "close")
    with app.test_request_context("/?lang=zh_Hans"), i18n.in_language("zh_Hans"):
        nobody = dict(choices.for_filter()["assignee"])["none"]
        said = [i18n.gettext(each) for each in (fault, BY, WORDS, STEP_NAMES["done"], close.label)]
        assert nobody == "无人负责"
        assert said == ["无责任方", "回访人", "客户原话", "整改完成", "办结"]
        assert i18n.gettext(PROMISE_NAMES["close"]) == "办结"
        assert (i18n.gettext("Close"), i18n.gettext("Done")) == ("关闭", "已完成")
        assert app.jinja_env.from_string("{{ _p('mail', 'From') }}").render() == "发件人"
    with i18n.in_language("en"):
        assert i18n.gettext(BY) == "By"


def test_where_there_is_nothing_to_say_nothing_is_said_in_either_language(app: Flask) -> None:
    """A catalogue keeps its head under the empty text: who asks for that is not told of its authors."""
    template = app.jinja_env.from_string("{{ _(words) }}|{{ _p('mail', words) }}")
    for language in ("zh_Hans", "en"):
        with app.test_request_context(), i18n.in_language(language):
            assert (i18n.gettext(""), template.render(words="")) == ("", "|")


def test_who_printed_it_is_said_in_the_language_of_the_form(app: Flask) -> None:
    with app.test_request_context("/"):
        assert Speech("zh_Hans")(PRINTED_BY) == "打印人"


def said_by_wtforms() -> set[str]:
    """Every sentence that WTForms and Flask-WTF may say by themselves, read from their source."""
    folder = Path(wtforms.__file__).parent
    found: set[str] = set()
    for path in [*folder.rglob("*.py"), Path(csrf.__file__)]:
        if "i18n" in path.name:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if called(node) in ("gettext", "ngettext", "ValidationError"):
                texts = node.args[:2]  # type: ignore[attr-defined]
                found |= {a.value for a in texts if isinstance(a, ast.Constant)}
    return {each for each in found if isinstance(each, str) and " " in each}


def test_every_sentence_of_wtforms_is_said_in_our_own_words(app: Flask) -> None:
    sentences = said_by_wtforms()
    assert "Not a valid choice." in sentences
    ours = {chinese(text, None) for text in (*SAID_BY_WTFORMS.values(), ODD)}
    assert all(ours)
    with app.test_request_context(), i18n.in_language("zh_Hans"):
        assert {OwnWords().gettext(each) for each in sentences} <= ours
        assert OwnWords().gettext("Not a valid integer value.") == "请填写数字。"
