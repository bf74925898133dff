"""Texts that write everything in seven-bit bytes: ISO-2022 (JP, KR, CN), HZ and UTF-7.

They are plain ASCII to whoever goes by the label alone. ISO-2022 says itself what it is, by its
escapes, so no label is needed and a wrong one does no harm. HZ and UTF-7 have marks that also
stand in programs and addresses: without a label they count only when the whole text fits and what
comes out are everyday letters. Each text is read in one pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .hanzi import everyday

_ESC, _SO, _SI = 0x1B, 0x0E, 0x0F
_MISSING = "〓"  # what printers put for a letter that they have no type for


def _jis(pair: bytes) -> str:
    """JIS X 0208 with the letters that NEC added to it: through Shift-JIS, which has them all."""
    row, cell = pair[0], pair[1]
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    trail = cell + 0x7E if row % 2 == 0 else cell + (0x20 if cell >= 0x60 else 0x1F)
    return bytes((lead, trail)).decode("cp932", "ignore") or _jis_2004(pair)


def _jis_2004(pair: bytes) -> str:
    return _high(pair).decode("euc_jis_2004", "ignore")


def _high(pair: bytes) -> bytes:
    return bytes(byte | 0x80 for byte in pair)


# What an escape announces: how two (or one) of its bytes are read. Codes of RFC 1468, 1554, 1557,
# 1922, 2237 and JIS X 0213.
_Reader = Callable[[bytes], str]
_PAIRS: dict[bytes, _Reader] = {
    b"$@": _jis,
    b"$B": _jis,
    b"$(B": _jis,
    b"$(D": lambda pair: (b"\x8f" + _high(pair)).decode("euc_jp", "ignore"),
    b"$(O": _jis_2004,
    b"$(Q": _jis_2004,
    b"$(P": lambda pair: (b"\x8f" + _high(pair)).decode("euc_jis_2004", "ignore"),
    b"$A": lambda pair: _high(pair).decode("gb2312", "ignore"),
    b"$(C": lambda pair: _high(pair).decode("cp949", "ignore"),
}
_SINGLE: dict[bytes, _Reader | None] = {
    b"(B": None,
    b"(J": None,
    b"(H": None,
    b"(I": lambda one: _high(one).decode("cp932", "ignore"),
}
_SHIFTED: dict[bytes, _Reader] = {  # these wait for a shift-out
    b"$)C": lambda pair: _high(pair).decode("cp949", "ignore"),
    b"$)A": lambda pair: _high(pair).decode("gb2312", "ignore"),
    b"$)G": lambda _pair: _MISSING,
    b"$)E": lambda _pair: _MISSING,
    b"$*H": lambda _pair: _MISSING,
}
_LONGEST = 3
_IN_JIS = (b"\x1b$@", b"\x1b$B", b"\x1b$(", b"\x1b$A", b"\x1b$)", b"\x1b(I", b"\x1b$*")


def has_escapes(data: bytes) -> bool:
    """Whether the bytes switch to a set of East Asian letters by an escape of ISO-2022."""
    return any(mark in data for mark in _IN_JIS)


def read_escapes(data: bytes, *, is_korean: bool = False) -> str:
    """The text of ISO-2022 bytes, by their own escapes. What is no letter of the announced set
    stays as it is; a line always begins in ASCII, as the standards want. Korean parts of a mail
    may leave out the announcement that stood above."""
    return "".join(_Escapes(data, _SHIFTED[b"$)C"] if is_korean else None).pieces())


class _Escapes:
    """One pass over the bytes that knows which set is switched on."""

    def __init__(self, data: bytes, shifted: _Reader | None) -> None:
        self.data, self.at = data, 0
        self.shifted = shifted
        self.pairs: _Reader | None = None
        self.single: _Reader | None = None
        self.out = False  # behind a shift-out

    def pieces(self) -> Iterator[str]:
        while self.at < len(self.data):
            byte = self.data[self.at]
            if byte == _ESC and self._switch():
                continue
            if byte in (_SO, _SI) and self.shifted is not None:
                self.out, self.at = byte == _SO, self.at + 1
                continue
            if byte in b"\r\n":
                self.pairs, self.single, self.out = None, None, False
            yield self._letter()

    def _switch(self) -> bool:
        """Obey the escape that stands here; False when it is another one."""
        for length in range(2, _LONGEST + 1):
            code = self.data[self.at + 1 : self.at + 1 + length]
            if code in _PAIRS:
                self.pairs, self.single = _PAIRS[code], None
            elif code in _SINGLE:
                self.pairs, self.single = None, _SINGLE[code]
            elif code in _SHIFTED:
                self.shifted = _SHIFTED[code]
            else:
                continue
            self.at += 1 + length
            return True
        return False

    def _letter(self) -> str:
        reader = self.shifted if self.out else self.pairs
        pair = self.data[self.at : self.at + 2]
        is_pair = len(pair) == 2 and all(0x20 < byte < 0x7F for byte in pair)
        if reader is not None and is_pair and (found := reader(pair)):
            self.at += 2
            return found
        one = pair[:1]
        self.at += 1
        if self.single is not None and 0x20 < one[0] < 0x60:
            return self.single(one)
        return one.decode("cp932", "ignore") or one.decode("cp1252", "ignore")


def read_hz(data: bytes, *, is_labelled: bool = False) -> str | None:
    """The text of HZ bytes (RFC 1843), None when it is none: `~{` opens Chinese up to `~}`."""
    first, *rest = data.decode("ascii", "replace").split("~{")
    found, letters, is_word = [_tilde(first)], "", True
    for piece in rest:
        inside, closed, after = piece.partition("~}")
        is_word = is_word and inside.isalpha() and (inside.isupper() or inside[1:].islower())
        hanzi = _gb(inside)
        if hanzi is None or not (closed or is_labelled):
            if not is_labelled:
                return None
            hanzi = inside
        letters += hanzi
        found += [hanzi, _tilde(after)]
    proven = len(letters) > 1 and everyday(letters) > 0.8 and not is_word
    return "".join(found) if rest and (is_labelled or proven) else None


def _tilde(text: str) -> str:
    return text.replace("~~", "~").replace("~\r\n", "").replace("~\n", "")


def _gb(inside: str) -> str | None:
    try:
        return _high(inside.encode("ascii")).decode("gb2312") if inside.isprintable() else None
    except UnicodeError:
        return None


def read_utf7(data: bytes) -> str | None:
    """The text of UTF-7 bytes (RFC 2152) without a label, None when it is none: every plus sign
    must begin a whole run, as writers of UTF-7 take care of, and the runs must be words."""
    try:
        text = data.decode("utf-7")
        text.encode("utf-8")  # no half of a pair
    except UnicodeError:
        return None
    letters = "".join(each for each in text if not each.isascii())
    proven = len(letters) > 1 and everyday(letters) > (0.8 if len(letters) > 3 else 0.99)
    return text if proven else None
