"""Texts into tokens, queries into terms."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snowballstemmer.english_stemmer import EnglishStemmer

from helpdesk.search import tokens, words
from helpdesk.search.words import (
    LONGEST_WORD,
    MOST_TOKENS,
    Phrase,
    national,
    shared_terms,
    stem,
    terms,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我要退款", ["我要", "要退", "退款", "款"]),
        ("退", ["退"]),
        ("退款，冰箱", ["退款", "款", "冰箱", "箱"]),
        ("Refunds", ["refund", "refunds"]),
        ("refund", ["refund"]),
        ("The customer's cards", ["the", "custom", "card", "customer", "cards"]),
        ("don't", ["dont"]),
        ("iPhone屏幕", ["iphon", "屏幕", "幕", "iphone"]),
        ("iPhone15", ["iphon", "15", "iphone", "iphone15"]),
        ("8a7f3c2e", ["8a7f3c2e"]),
        ("2026-000412", ["2026", "000412", "2026-000412", "2026000412"]),
        ("a@b.cn", ["a", "b", "cn", "a@b.cn"]),
        ("１２", ["12"]),
        ("!?*", []),
        ("", []),
    ],
)
def test_a_text_is_cut_into_words_pairs_and_other_spellings(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    "written",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+86 138 1234 5678",
        "+8613812345678",
        "0086 138-1234-5678",
        "008613812345678",
        "8613812345678",
    ],
)
def test_a_mobile_number_has_one_spelling_among_its_tokens(written: str) -> None:
    assert "13812345678" in tokens(f"致电{written}，谢谢")


@pytest.mark.parametrize(
    "written",
    ["010-65521234", "(010) 6552 1234", "010/65521234", "+86 10 6552-1234", "01065521234"],
)
def test_a_fixed_number_has_one_spelling_among_its_tokens(written: str) -> None:
    assert "1065521234" in tokens(f"Tel. {written}.")


@pytest.mark.parametrize("text", ["12", "000412", "1" * 16, "no digits"])
def test_what_is_too_short_or_too_long_is_no_telephone_number(text: str) -> None:
    assert national(text) == ""


def test_a_very_long_word_is_cut_alike_in_text_and_query() -> None:
    word = "x" * 500 + "1" * 500
    assert tokens(word) == ["x" * LONGEST_WORD, "1" * LONGEST_WORD]
    assert terms(word)[0][0].tokens == tuple(tokens(word))


def test_the_compiled_stems_are_those_of_the_plain_program() -> None:
    """What one machine has indexed is found on another that has only the slow one."""
    plain, written = EnglishStemmer(), (Path(words.__file__).parents[2] / "docs").glob("*.md")
    seen = {word for each in written for word in re.findall("[a-z]{3,}", each.read_text().lower())}
    assert len(seen) > 2000
    assert {word: stem(word) for word in seen} == {word: plain.stemWord(word) for word in seen}


def test_stems_stay_right_when_many_threads_ask_at_once() -> None:
    words = [f"{a}{b}ings" for a in "bcdfghjklm" for b in ("ook", "atch", "eel", "ark")] * 20
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(stem, words))
    assert together == [word.removesuffix("ings") for word in words]


@given(st.text())
def test_tokens_hold_nothing_that_a_query_language_gives_a_meaning(text: str) -> None:
    for token in tokens(text):
        assert not set(token) & set("\"'*():^&|!<>\\ \t\n\0")


@given(st.text(min_size=1, max_size=40), st.booleans())
def test_a_query_asks_only_for_tokens_that_its_text_would_leave(text: str, prefix: bool) -> None:
    kept = tokens(text)
    for term in terms(text.replace('"', " "), prefix):
        assert any(all(token in kept for token in each.tokens) for each in term)


def test_a_run_of_characters_is_asked_as_one_phrase() -> None:
    assert terms("退款申请") == [(Phrase(("退款", "款申", "申请")),)]


def test_a_single_character_is_asked_as_a_beginning() -> None:
    assert terms("退") == [(Phrase(("退",), prefix=True),)]


def test_quoted_words_are_asked_as_one_phrase_whatever_the_quotes() -> None:
    expected = [(Phrase(("card", "refund")),)]
    assert terms('"cards refunded"') == terms("“cards refunded”") == expected
    assert terms("「退款 mail」") == [(Phrase(("退款", "款", "mail")),)]


def test_the_last_word_may_be_unfinished_only_when_asked_for() -> None:
    assert terms("card refu") == [(Phrase(("card",)),), (Phrase(("refu",)),)]
    assert terms("card refu", prefix=True)[1] == (Phrase(("refu",), prefix=True),)
    assert terms("easy", prefix=True) == [(Phrase(("easi",), True), Phrase(("easy",), True))]
    assert terms("a-cards", prefix=True) == [(Phrase(("a", "card"), True),)]
    assert terms("2026-0004", prefix=True)[0][1] == Phrase(("20260004",), True)


def test_an_identifier_is_asked_by_its_parts_and_a_number_also_as_one() -> None:
    assert terms("2026-000412") == [(Phrase(("2026", "000412")), Phrase(("2026000412",)))]
    assert terms("AB-12") == [(Phrase(("ab", "12")),)]


@pytest.mark.parametrize("query", ["", "   ", '"', '""', "!?*()", "\0", "😀"])
def test_a_query_without_a_word_asks_for_nothing(query: str) -> None:
    assert terms(query) == []


@pytest.mark.parametrize("query", ["退款" * 5000, "word " * 5000, "a1" * 5000, "12 " * 5000])
def test_of_a_very_long_query_only_the_beginning_counts(query: str) -> None:
    assert sum(len(each.tokens) for term in terms(query) for each in term) <= 2 * MOST_TOKENS


def test_words_that_every_text_holds_are_not_shared() -> None:
    shared = [term[0].tokens[0] for term in shared_terms("您好，the Refund of my 冰箱 and 冰箱!")]
    assert shared == ["refund", "冰箱"]


@pytest.mark.parametrize(
    "text",
    ["要求物业退\n款或者答复", "要求物业退 款或者答复", "要求物业退 \r\n  款或者答复",
     "> 要求物业退\n> 款或者答复", "要求物业退　款或者答复", ">> 要求物业退\n>> 款或者答复"],
)  # fmt: skip
def test_a_chinese_word_that_a_line_break_or_a_blank_cuts_is_found(text: str) -> None:
    assert "退款" in tokens(text)
    assert tokens("要求物业退款或者答复") == tokens(text)


@pytest.mark.parametrize("text", ["物业退\n\n款", "退  款", "退, 款", "退\n- 款", "환불 요청"])
def test_paragraphs_columns_lists_and_scripts_with_blanks_part_a_word(text: str) -> None:
    assert "退款" not in tokens(text) and "불요" not in tokens(text)


def test_a_query_with_a_blank_still_asks_for_two_words() -> None:
    assert len(terms("空调 退款")) == 2
    together, apart = terms('"空调 退款"')[0]
    assert together.tokens == ("空调", "调退", "退款")
    assert apart.tokens == ("空调", "调", "退款"), "as older texts are kept"


def test_a_long_run_of_breaks_costs_no_more_than_its_length() -> None:
    begin = time.perf_counter()
    for unit in ("退\n", "退 \n > > > > > > > ", "退 ", "退\n> ", "> > > > > > > > \n"):
        tokens(unit * 40_000)
    assert time.perf_counter() - begin < 15
