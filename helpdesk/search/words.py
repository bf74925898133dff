"""Text into words, and a query into what must be found. Pure: no database here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import add
from threading import Lock
from typing import NamedTuple

import snowballstemmer

from helpdesk.search.fold import HAN, fold

LONGEST_WORD = 64  # characters; what is longer is cut, here and in queries
LONGEST_QUERY = 1000  # characters looked at
LONGEST_KEPT = 100  # characters of a word that is kept ready in memory
MOST_TOKENS = 64  # of a query
MOST_SHARED = 40  # words compared to find what is alike

# Scripts written without spaces between words: Han, kana, Hangul, Thai, Lao, Burmese, Khmer.
_RUN = rf"{HAN}\u3040-\u30ff\uac00-\ud7a3\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_LETTER = rf"[^\W_{_RUN}]"
_NO_BLANKS = rf"{HAN}\u3040-\u30ff"  # of these, the ones that nobody parts by blanks
# Where a program or a hand has broken a line of them, perhaps behind marks of a quote, or set one
# blank: the run goes on. Two blanks, or an empty line, part it.
_BREAK = r"(?: |[ \t]?\r?\n[ \t]{0,8}(?:> ?){0,8})"
_LONG_RUN = rf"[{_RUN}]+(?:(?<=[{_NO_BLANKS}]){_BREAK}(?=[{_NO_BLANKS}])[{_RUN}]+)*"
_GAP = r"[ ().\-/]*"
_PHONE = (
    rf"\+{_GAP}\d(?:{_GAP}\d){{6,14}}|0086(?:{_GAP}\d){{7,12}}"
    rf"|1[3-9]\d[ -]\d{{4}}[ -]\d{{4}}|\(?0\d{{2,3}}\)?[ -]?\d{{3,4}}[ -]?\d{{4}}"
)
_OTHERS = (
    rf"|(?P<phone>(?<!{_LETTER})(?<![.@-])(?:{_PHONE})(?!{_LETTER}|@|[.-]{_LETTER}))"
    rf"|(?P<word>{_LETTER}+(?:[-_./@']{_LETTER}+)*)"
)
_IN_TEXT = re.compile(rf"(?P<run>{_LONG_RUN}){_OTHERS}")
_IN_QUERY = re.compile(rf"(?P<run>[{_RUN}]+){_OTHERS}")
_NOT_RUN = re.compile(rf"[^{_RUN}]+")
_PIECE = re.compile(rf"{_LETTER}+")
_MODEL = re.compile(r"([^\W\d_]+)(\d+)|(\d+)([^\W\d_]+)")
_POSSESSIVE = re.compile(r"'s\b|(?<=s)'")
_PHONE_DIGITS = range(7, 16)
_QUOTES = re.compile("[“”„«»「」『』]")
_APOSTROPHES = re.compile("[‘’]")
# Stems and pairs that nearly every text holds and that say nothing about its matter.
_COMMON_WORDS = """
the and for that this with you your have has had was were are not but from they our his her its
can will would all ani been there what when which who how pleas thank dear hello
您好 你好 谢谢 请问 我们 我的 一个 这个 没有 什么 怎么 可以
"""
_COMMON = frozenset(_COMMON_WORDS.split())

_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = Lock()


class Chunk(NamedTuple):
    """One word, number, identifier or run of characters: its tokens in order, and other spellings.

    `tail` is the last character of a run; the index keeps it, so that a single character and a
    phrase that goes on behind the run are found.
    """

    pieces: tuple[str, ...]
    tail: str = ""
    spellings: tuple[str, ...] = ()


class Phrase(NamedTuple):
    """Tokens that must follow each other; the last one may be only the beginning of a word."""

    tokens: tuple[str, ...]
    prefix: bool = False


Term = tuple[Phrase, ...]  # one of these is enough


@lru_cache(maxsize=50_000)  # slow, and most words come again
def stem(piece: str) -> str:
    """The stem of an English word; anything else unchanged."""
    if len(piece) < 3 or not (piece.isascii() and piece.isalpha()):
        return piece
    with _stemmer_lock:  # the stemmer keeps the word it works on in itself
        return str(_stemmer.stemWord(piece))


def national(number: str) -> str:
    """The digits of a telephone number without 00, +86 and the leading zero; "" if it is none."""
    digits = "".join(filter(str.isdigit, number))
    if len(digits) not in _PHONE_DIGITS:
        return ""
    digits = digits.removeprefix("00")
    if digits.startswith("86") and len(digits) > 11:
        digits = digits[2:]
    return digits.lstrip("0")


def _run(text: str) -> Chunk:
    if len(text) == 1:
        return Chunk((), tail=text)
    return Chunk(tuple(map(add, text, text[1:])), tail=text[-1])


def _split_model(piece: str) -> list[str]:
    match = _MODEL.fullmatch(piece)
    return [part for part in match.groups() if part] if match else [piece]


@lru_cache(maxsize=50_000)
def _word(text: str) -> Chunk:
    text = _POSSESSIVE.sub("", text).replace("'", "")
    exact = [part for piece in _PIECE.findall(text) for part in _split_model(piece)]
    exact = [part[:LONGEST_WORD] for part in exact]
    pieces = tuple(map(stem, exact))
    whole = [text] if any(map(str.isdigit, text)) or "@" in text else []
    number = [national(text)] if not any(map(str.isalpha, text)) else []
    others = [*exact, *whole, *number]
    spellings = [each for each in others if each not in pieces and 0 < len(each) <= LONGEST_WORD]
    return Chunk(pieces, spellings=tuple(dict.fromkeys(spellings)))


def _chunk(match: re.Match[str]) -> Chunk:
    if match["run"]:
        return _run(_NOT_RUN.sub("", match["run"]))
    if match["phone"]:
        return Chunk(tuple(_PIECE.findall(match["phone"])), spellings=(national(match["phone"]),))
    word = match["word"]
    return _word(word) if len(word) <= LONGEST_KEPT else _word.__wrapped__(word)


def _chunks(folded: str, pattern: re.Pattern[str] = _IN_TEXT) -> Iterator[Chunk]:
    return map(_chunk, pattern.finditer(folded))


def _prepare(text: str) -> str:
    return fold(_APOSTROPHES.sub("'", _QUOTES.sub('"', text)))


def tokens(text: str) -> list[str]:
    """Everything the index keeps of a text: the words in their order, then other spellings.

    Words are stemmed, runs of Han characters become overlapping pairs and their last character;
    a run goes on over a line break and over a single blank. Other spellings are the unstemmed
    words, whole identifiers and telephone numbers.
    """
    found: list[str] = []
    spellings: dict[str, None] = {}
    for chunk in _chunks(_prepare(text)):
        found += [*chunk.pieces, chunk.tail] if chunk.tail else chunk.pieces
        spellings |= dict.fromkeys(chunk.spellings)
    return [*found, *spellings]


def _phrase(chunks: list[Chunk]) -> Phrase:
    inner = [token for chunk in chunks[:-1] for token in (*chunk.pieces, chunk.tail) if token]
    last = chunks[-1]
    lone = not last.pieces
    return Phrase((*inner, *last.pieces, *([last.tail] if lone else [])), prefix=lone)


def _term(chunk: Chunk) -> Term:
    """The parts in their order; they cover every spelling but a number written as one."""
    numbers = [each for each in chunk.spellings if each.isdigit()]
    return (_phrase([chunk]), *(Phrase((each,)) for each in numbers))


def _with_prefix(term: Term, chunk: Chunk) -> Term:
    """The same, or a word that begins like this one: for a search while typing."""
    if chunk.tail:
        return term
    begun = [Phrase(each.tokens, prefix=True) for each in term]
    if len(chunk.pieces) == 1:  # "easy" is stemmed to easi, which does not begin easyjet
        others = [each for each in chunk.spellings if not each.startswith(chunk.pieces)]
        begun += [Phrase((each,), prefix=True) for each in others]
    return tuple(dict.fromkeys(begun))


def _terms_of(part: str, quoted: bool, prefix: bool) -> list[Term]:
    chunks = list(_chunks(part, _IN_QUERY))
    if not chunks:
        return []
    if quoted:  # what was indexed before runs went on over blanks is found as well
        return [tuple(dict.fromkeys((_phrase(list(_chunks(part))), _phrase(chunks))))]
    found = [_term(chunk) for chunk in chunks]
    if prefix:
        found[-1] = _with_prefix(found[-1], chunks[-1])
    return found


def _within(terms: list[Term]) -> list[Term]:
    kept: list[Term] = []
    room = MOST_TOKENS
    for term in dict.fromkeys(terms):
        if room <= 0:
            break
        cut = tuple(Phrase(each.tokens[:room], each.prefix) for each in term)
        kept.append(cut)
        room -= sum(len(each.tokens) for each in cut)
    return kept


def terms(query: str, prefix: bool = False) -> list[Term]:
    """What a text must hold to match: every term, each in one of its spellings.

    "Quoted words" and runs of Han characters must stand together. With `prefix` the last word
    may be unfinished. Of a very long query only the beginning counts.
    """
    parts = _prepare(query[:LONGEST_QUERY]).split('"')
    found: list[Term] = []
    for number, part in enumerate(parts):
        found += _terms_of(part, number % 2 == 1, prefix and number == len(parts) - 1)
    return _within(found)


def shared_terms(text: str) -> list[Term]:
    """The words and pairs of a text, each a term of its own: to find what is alike."""
    found = [piece for chunk in _chunks(_prepare(text[:LONGEST_QUERY])) for piece in chunk.pieces]
    telling = [each for each in found if each not in _COMMON and (len(each) > 2 or each[0] > "~")]
    distinct = list(dict.fromkeys(telling))[:MOST_SHARED]
    return [(Phrase((each,)),) for each in distinct]
