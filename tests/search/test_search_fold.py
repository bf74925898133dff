"""One spelling for many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.search import fold, initials


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("REFUND", "refund"),
        ("ＡＢＣ１２３", "abc123"),
        ("ｱｲｽ", "アイス"),
        ("退款　申請", "退款 申请"),
        ("客戶投訴冷氣機", "客户投诉冷气机"),
        ("頭髮發票", "头发发票"),
        ("裡面裏面", "里面里面"),
        ("回覆／回復", "回复/回复"),
        ("看著", "看着"),
        ("臺灣台灣", "台湾台湾"),
        ("衞生衛生", "卫生卫生"),
        ("café NAÏVE Müller", "cafe naive muller"),
        ("Straße", "strasse"),
        ("ÅNGSTRÖM ｅ́", "angstrom e"),
        ("2026‑000412", "2026-000412"),
        ("冰\u200b箱", "冰箱"),
        ("re\u00adfund", "refund"),
        ("が", "が"),
        ("", ""),
    ],
)
def test_spellings_that_mean_the_same_fold_to_one(written: str, folded: str) -> None:
    assert fold(written) == folded


@given(st.text())
def test_folding_a_folded_ascii_or_han_text_changes_nothing(text: str) -> None:
    once = fold("".join(each for each in text if each.isascii() or "一" <= each <= "鿿"))
    assert fold(once) == once


def test_no_character_folds_to_one_that_folds_further() -> None:
    everything = "".join(map(chr, range(0x4E00, 0xA000)))
    assert fold(fold(everything)) == fold(everything)
    assert sum(a != b for a, b in zip(everything, fold(everything), strict=True)) > 2500


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("张伟", ["zw"]),
        ("張偉", ["zw"]),
        ("欧阳雪", ["oyx"]),
        ("覃佳", ["qj"]),
        ("单雄信", ["sxx"]),
        ("曾琪", ["zq"]),
        ("Zhang Wei 张伟", ["zw"]),
        ("张伟 李娜", ["zw", "ln"]),
        ("王", []),
        ("Wang Li", []),
        ("北京市海淀区中关村大街", []),
        ("䶮䶮", []),
        ("", []),
    ],
)
def test_pinyin_initials_are_given_for_chinese_names(name: str, letters: list[str]) -> None:
    assert initials(name) == letters
