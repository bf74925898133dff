"""Markdown as plain text: what goes into an answer must read well without marks."""

from __future__ import annotations

import time

import pytest

from helpdesk.kb.plain import excerpt, plain


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", ""),
        ("一段。", "一段。"),
        ("# Head\n\nText", "Head\n\nText"),
        ("Use **force** and *care*, `sudo`.", "Use force and care, sudo."),
        ("one\ntwo", "one\ntwo"),
        ("1. 拔下插头\n2. 等五分钟", "1. 拔下插头\n2. 等五分钟"),
        ("3. three\n4. four", "3. three\n4. four"),
        ("- a\n- b\n\nafter", "- a\n- b\n\nafter"),
        ("- a\n  - b", "- a\n  - b"),
        ("- \n\nafter an empty item", "after an empty item"),
        ("> quoted", "quoted"),
        ("[here](https://a.example/x)", "here (https://a.example/x)"),
        ("<https://a.example/x>", "https://a.example/x"),
        ("![plug](/files/1)", ""),
        ("```\ncode\n```", "code"),
        ("a & b < c", "a & b < c"),
        ("<b>not bold</b>", "<b>not bold</b>"),
        ("~~old~~ new", "old new"),
        ("---", ""),
    ],
)
def test_marks_go_and_words_stay(body: str, words: str) -> None:
    assert plain(body) == words


def test_cells_of_a_row_stand_in_one_line() -> None:
    body = "| Sign | Cause |\n|---|---|\n| warm | ice |\n| loud | feet |"
    assert plain(body) == "Sign | Cause\nwarm | ice\nloud | feet"


def test_a_paragraph_within_an_item_stands_apart() -> None:
    assert plain("1. one\n\n   more\n2. two") == "1. one\n\nmore\n\n2. two"


def test_an_excerpt_is_one_line_and_ends_with_an_ellipsis() -> None:
    assert excerpt("# A\n\nb\n\nc") == "A b c"
    long = excerpt("冰箱" * 200)
    assert len(long) == 140 and long.endswith("…")


def test_an_excerpt_prefers_sentences_to_tables() -> None:
    table = "| a | b |\n|---|---|\n| 1 | 2 |"
    assert excerpt(f"{table}\n\nThe days count from today.") == "The days count from today."
    assert excerpt(table) == "a | b 1 | 2"


@pytest.mark.parametrize("odd", ["(" * 5000, "[" * 5000, "> " * 2000, "- " * 2000, "*" * 9000])
def test_odd_markdown_takes_little_time(odd: str) -> None:
    start = time.perf_counter()
    plain(odd)
    assert time.perf_counter() - start < 20
