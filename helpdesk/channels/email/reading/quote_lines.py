"""The lines that mail programs put around what people write: 'On <date>, <name> wrote:', which they
break over several, copied headers, and what a device adds by itself."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

from .phrases import HEADER_NAMES, phrases

_LONGEST_LINE = 1_000  # no announcement is longer
_DEVICE_OPENINGS = phrases("quotes", "device_openings")
_DEVICE_WORDS = phrases("quotes", "device_words")
_LONGEST_WROTE = 400  # characters of such a line with all its breaks
_MOST_LINES = 6
_VERBS = phrases("quotes", "wrote")
_OPENINGS = phrases("quotes", "openings")
_FORWARDED = phrases("answers", "forwarded")


def plain(line: str) -> str:
    """A line as the rules see it: one kind of blank, no invisible characters, lower case."""
    line = line[:_LONGEST_LINE].replace("&nbsp;", " ")
    if not line.isascii():
        line = "".join(letter for letter in line if unicodedata.category(letter) != "Cf")
    return " ".join(line.casefold().split())


def header_kind(line: str) -> str | None:
    """Which copied header a line is ('from', 'date', 'to', 'cc', 'subject'), None for others."""
    bare = plain(line).strip("*| ")
    cut = next((at for at, letter in enumerate(bare[:30]) if letter in ":：|"), -1)
    if cut < 1:
        return None
    return HEADER_NAMES.get(bare[:cut].strip("* ").replace(" ", ""))


def is_device_line(line: str) -> bool:
    """Whether a telephone or a mail program wrote the line by itself."""
    bare = plain(line.replace("[", "").replace("]", "")).strip("<>()*_ ")
    if not bare or len(bare) > 120:
        return False
    if bare.startswith(_DEVICE_OPENINGS) or bare.replace(" ", "").startswith(_DEVICE_OPENINGS):
        return True
    return len(bare) < 40 and any(word in bare for word in _DEVICE_WORDS)


def is_forward(subject: str) -> bool:
    """Whether the newest thing that was done to a mail with this subject was to forward it."""
    return subject.strip().lower().startswith(_FORWARDED)


def wrote_line_end(lines: list[str], at: int) -> int | None:
    """The line behind a 'X wrote:' that begins at `at`, None when none begins there."""
    if not _may_begin(lines, at):
        return None
    joined = ""
    for end in range(at, min(at + _MOST_LINES, len(lines))):
        line = lines[end].strip()
        if not line and not _goes_on_after_blank(lines, end):
            return None
        if line.startswith(">") and not plain(line.lstrip("> ")).endswith(":"):
            return None
        joined = f"{joined} {line}" if joined else line
        if len(joined) > _LONGEST_WROTE:
            return None
        if is_wrote(joined, _is_quoted(lines, end + 1)):
            return None if _begins_later(lines, at, end + 1) else end + 1
    return None


def _may_begin(lines: list[str], at: int) -> bool:
    if _has_opening(lines[at]) or "@" in lines[at] or "@" in "".join(lines[at + 1 : at + 2]):
        return True
    return _ends_with_verb(plain(lines[at])) and _is_quoted(lines, at + 1)


def _has_opening(line: str) -> bool:
    first = plain(line)
    if first.startswith("----"):
        first = first.lstrip("- ")
    return first[:1].isdigit() or first.startswith(_OPENINGS)


def _begins_later(lines: list[str], at: int, end: int) -> bool:
    """Own words with an @ may stand right above; the line with the date is the real beginning."""
    if _has_opening(lines[at]):
        return False
    quoted = _is_quoted(lines, end)
    return any(
        _has_opening(lines[start]) and is_wrote(" ".join(lines[start:end]), quoted)
        for start in range(at + 1, end)
    )


def _goes_on_after_blank(lines: list[str], at: int) -> bool:
    """Only an address in brackets may follow after a blank line."""
    following = lines[at + 1].strip() if at + 1 < len(lines) else ""
    return following.startswith("<")


def _is_quoted(lines: list[str], at: int) -> bool:
    following = next((line for line in lines[at : at + 3] if line.strip()), "")
    return following.lstrip().startswith((">", "|"))


def is_wrote(line: str, quote_follows: bool) -> bool:
    """Whether a line, its breaks undone, says that what follows was written by somebody: with an
    address or a time; where a `quote_follows`, the verb alone is enough."""
    bare = plain(line)
    ends = bare.endswith((":", "：")) or (bare.startswith("--") and bare.endswith("--"))
    has_verb = any(_is_word(bare, verb) for verb in _VERBS)
    if has_verb and quote_follows and len(bare) < 60 and _ends_with_verb(bare):
        return True
    if has_verb and ends:
        return (
            "@" in bare
            or _has_time(bare)
            or (quote_follows and any(letter.isdigit() for letter in bare))
        )
    # Some programs leave out the verb: a date in front, an address at the end.
    closed = bare.rstrip(":： ").endswith(">")
    return closed and "@" in bare and _begins_with_date(bare) and (ends or quote_follows)


def _is_word(text: str, verb: str) -> bool:
    """The verb as a word of its own; scripts without blanks need no borders."""
    at = text.find(verb)
    while at >= 0:
        before = text[at - 1 : at]
        after = text[at + len(verb) : at + len(verb) + 1]
        if not verb.isascii() or not (before.isalpha() or after.isalpha()):
            return True
        at = text.find(verb, at + 1)
    return False


def _ends_with_verb(bare: str) -> bool:
    """`Ann wrote:` with nothing behind the verb."""
    return bare.endswith((":", "：")) and bare.rstrip(":： ").endswith(_VERBS)


def _has_time(text: str) -> bool:
    """`9:30`, `20.42`, `2024年`, `3/5/2024`: digits around a mark that dates and times use."""
    triples = zip(text, text[1:], text[2:], strict=False)
    joined = any(a.isdigit() and b in ":.h/-" and c.isdigit() for a, b, c in triples)
    return joined or any(a.isdigit() and b in "年月点點時时" for a, b in pairwise(text))


def _begins_with_date(text: str) -> bool:
    return text[:1].isdigit() and _has_time(text[:24])
