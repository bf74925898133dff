"""Hostile texts of any size: one short piece over and over, which some reader might go back over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

UNITS = (
    "<!---->", "<!--", "-->", " ", "\t", "\n", " \n", "\r\n\r\n", "(", ")", "((a)", "[", "]", "{", "[]", "[a](",
    "![", "=?", "=?utf-8?q?", "?=", "=?utf-8?b?YQ==?= ", "=", "=0", "a@", "@", "a@b ", "<a@b>,", ">", "> ",
    ">>", "&", "&#", "&#x41;", "&amp", "&lt;", "中", "字 ", "。", "e\u0301", "\u0301", "\u200b", "\u202e", "'", '"',
    '\\"', "\\", "`", "``` ", "~", "*", "**a", "_", "_a ", "|", "|-", "-", "--", "--x\r\n", "#", "+", "0086", "1",
    "13812345678", "9 ", "1-", "1.", "a", "a ", "A1", "1a", "a.", "a-", "/", "//", "http://", "https://a ",
    "http://a.b/(", "www.", ";", "; a=", ",", ":", "%", "%41", "<", "<b>", "<div>", "</div>", "<p", "<table><tr><td>",
    "<blockquote>", "<a href=x>", "<img src=cid:", "<![CDATA[", "<style>", "ss", "İ", "ﬁ", "x:", "Re: ", "On ", "\x00",
    "\ufeff", "\x85", "\u2028", "\x0c", "“", "”", "…", "（",
)  # fmt: skip
FEW = (
    "<!---->", " ", "\t", "(", "[", "=?", "a@", ">", "&", "中", "\u0301", "`", "9", "1-", "\n", "https://a ",
    "\x00", "İ", "“", "_a ",
)  # fmt: skip
GROWTH = 9  # four times the text may take this much longer; going over it twice would take 16
NOTHING = 0.12  # seconds that tell nothing yet


def text(unit: str, length: int) -> str:
    """So many characters of one piece, and an end that fits nothing."""
    return unit * (length // len(unit)) + "!"


def seconds(use: Callable[[], object], best_of: int = 1) -> float:
    """How long the processor was busy with it, at best."""
    times = []
    for _each in range(best_of):
        began = time.process_time()
        use()
        times.append(time.process_time() - began)
    return min(times)


def slow(
    read: Callable[[str], object], length: int, units: tuple[str, ...] = UNITS
) -> Iterator[str]:
    """The pieces of which four times as many take much more than four times as long."""
    read("warm")
    for unit in units:
        short, long = (lambda n=n, u=unit: read(text(u, n)) for n in (length // 4, length))
        took = seconds(long)
        if took < NOTHING:
            continue
        brief = seconds(short, 2)
        if took > GROWTH * brief and seconds(long, 2) > GROWTH * brief:
            yield f"{unit!r}: {length // 4} in {brief:.3f} s, {length} in {took:.3f} s"
