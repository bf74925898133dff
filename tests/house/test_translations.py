"""Every text of the interface exists in Chinese and English, and both say the same."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Message

from helpdesk.core import i18n

PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[sd]")
HAN = r"[\u3400-\u9fff]"
HALF_WIDTH = re.compile(rf"{HAN}[,;?!](?!\w)|{HAN}\.(\s|$)|{HAN}:")


def texts() -> list[tuple[Message, str]]:
    """Every message with each of its Chinese forms."""
    chinese = i18n.catalogue()
    found = []
    for message in chinese:
        if message.id:
            forms = (
                message.string if isinstance(message.string, tuple | list) else (message.string,)
            )
            found.extend((message, form) for form in forms)
    return found


@pytest.fixture(scope="module")
def all_texts() -> list[tuple[Message, str]]:
    return texts()


def placeholders(text: str) -> set[str]:
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def test_every_text_of_the_interface_has_chinese_words() -> None:
    assert i18n.missing() == []


def test_chinese_texts_keep_the_placeholders_of_the_english_ones(
    all_texts: list[tuple[Message, str]],
) -> None:
    differing = []
    for message, words in all_texts:
        english = message.id if isinstance(message.id, str) else message.id[-1]
        if words and placeholders(words) != placeholders(english):
            differing.append((english, words))
    assert differing == []


def test_no_chinese_text_is_english_in_disguise(all_texts: list[tuple[Message, str]]) -> None:
    latin = [words for _m, words in all_texts if len(words) > 20 and not re.search(HAN, words)]
    assert latin == []


def test_plural_forms_are_complete() -> None:
    chinese = i18n.catalogue()
    incomplete = [
        message.id
        for message in chinese
        if message.id and message.pluralizable and len(message.string) != chinese.num_plurals
    ]
    assert incomplete == []


def test_chinese_sentences_use_full_width_punctuation(
    all_texts: list[tuple[Message, str]],
) -> None:
    assert [words for _m, words in all_texts if HALF_WIDTH.search(words)] == []


def test_no_text_is_marked_as_a_guess() -> None:
    assert [message.id for message in i18n.catalogue() if message.id and message.fuzzy] == []


def test_every_refusal_reads_in_both_languages(app: object) -> None:
    english = "Please say what happened."
    with i18n.in_language("zh_Hans"):
        assert i18n.gettext(english) == "请说明发生了什么。"
    with i18n.in_language("en"):
        assert i18n.gettext(english) == english
