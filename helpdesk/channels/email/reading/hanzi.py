"""Tells GB18030, Big5, Korean and Japanese bytes apart when no label can be trusted."""

from __future__ import annotations

from functools import cache

from .phrases import phrases

_CANDIDATES = ("gb18030", "cp950", "cp949", "cp932", "euc_jp", "big5hkscs")
_PUNCTUATION = frozenset("，。！？：；、（）《》“”【】「」")


def _letters(codec: str, leads: range, trails: range) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset("".join(pair.decode(codec, "ignore") for pair in pairs))


@cache  # 2 MB that only a mail without a true label needs
def _common() -> dict[str, frozenset[str]]:
    """The first planes of each set hold what people write; the rest is rare."""
    found = {
        "gb18030": _letters("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
        "cp950": _letters("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),
        "cp949": _letters("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
        "cp932": _letters("shift_jis", range(0x88, 0x98), range(0x40, 0xFD)),
    }
    return found | {"big5hkscs": found["cp950"], "euc_jp": found["cp932"]}


@cache
def _frequent() -> dict[str, frozenset[str]]:
    """Characters that make up most of everyday Chinese text, letters and requests."""
    simplified = frozenset(phrases("letters", "simplified"))
    traditional = frozenset(phrases("letters", "traditional"))
    return {"gb18030": simplified, "cp950": traditional, "big5hkscs": traditional}


def guess_east_asian(sample: bytes, hint: str | None = None, *, enough: float = 0.12) -> str | None:
    """The East Asian codec that the bytes are most likely written in, None for other text.

    `hint` is a codec that the rest of the mail uses: it decides when the text is too short.
    `enough` is the score that a guess must reach, from 0 (a throw) to 1 (only frequent letters).
    """
    if sum(byte > 127 for byte in sample) < 2:
        return None
    scores = {codec: likelihood(sample, codec) for codec in _CANDIDATES}
    if hint in scores and scores[hint] >= 0:
        scores[hint] += 0.4
    best = max(scores, key=lambda codec: scores[codec])
    return best if scores[best] >= enough else None


def likelihood(sample: bytes, codec: str) -> float:
    """How much the bytes look like everyday text in the codec: -1 (impossible) to 1."""
    text = sample.decode(codec, "replace")
    wide = [letter for letter in text if ord(letter) > 127]
    broken = text[:-1].count("\ufffd")
    if not wide or broken * 20 > len(wide):
        return -1.0
    known = sum(_weight(letter, codec) for letter in wide)
    return (known - 3 * broken - _inside_words(text)) / len(wide)


def _inside_words(text: str) -> int:
    """Wide letters squeezed between small Latin ones: a Western accent read wrongly."""
    around = zip(text, text[1:], text[2:], strict=False)
    return sum(
        ord(letter) > 127 and before.islower() and after.islower() and (before + after).isascii()
        for before, letter, after in around
    )


def _weight(letter: str, codec: str) -> float:
    """How much one letter speaks for a codec: common ones for it, curiosities against it."""
    if letter in _frequent().get(codec, ()):
        return 1.0
    if letter in _PUNCTUATION:
        return 0.3
    if codec in ("cp932", "euc_jp") and 0x3041 <= ord(letter) <= 0x30FF:
        return 1.0
    if letter in _common()[codec]:
        return 0.45 if codec == "cp949" else 0.25
    is_han = 0x4E00 <= ord(letter) <= 0x9FFF or 0x3000 <= ord(letter) <= 0x303F
    return 0.0 if is_han and codec != "cp949" else -0.4


def everyday(text: str) -> float:
    """How much of a text are letters that people write every day, from 0 to 1: Chinese ones of the
    first plane, kana, Hangul, and the alphabets. Chance hits nine others out of ten."""
    known = sum(_is_everyday(letter) for letter in text)
    return known / len(text) if text else 0.0


def _is_everyday(letter: str) -> bool:
    code = ord(letter)
    alphabet = 0xA0 < code < 0x530 or 0x5D0 <= code < 0x5EB or 0x621 <= code < 0x64B
    wide = 0x2010 <= code <= 0x2026 or 0x3000 <= code <= 0x30FF or 0xFF00 < code < 0xFF5F
    known = letter in _common()["gb18030"] or letter in _common()["cp950"]
    return alphabet or wide or known or 0xAC00 <= code < 0xD7A4
