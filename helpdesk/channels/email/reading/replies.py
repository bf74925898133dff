"""The new words of a reply: what is above, between or below the quoted text.

Works line by line with own rules, in time that grows with the length only. What it cuts is
folded in the page, never deleted; when nothing would be left, everything counts as new.
"""

from __future__ import annotations

from dataclasses import dataclass

from .phrases import phrases
from .quote_lines import header_kind, is_device_line, plain, wrote_line_end

MAX_LINES = 5_000  # a mark further down than this is not looked for
_ORIGINALS = (*phrases("quotes", "originals"), *phrases("quotes", "replies_to"))
_ANNOUNCEMENTS = phrases("quotes", "announcements")
_RULE_LETTERS = "-_=*~#—–－＿‐‑─━"
_FOOTER_WORDS = ("unsubscribe", "confidential", "mailing list", "退订", "机密", "保密", "http", "@")
_FOOTER_LINES = 15


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines start..end of one kind: text, quote, wrote, original."""

    kind: str
    start: int
    end: int


def new_words(text: str) -> str:
    """What the sender wrote anew: without quotes, copied headers, signature and device lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head = lines[:MAX_LINES]
    kept = _cut_quotes(_cut_signature(head))
    words = "\n".join(_without_edges(kept if len(kept) < len(head) else lines))
    return words if words.strip() else text.strip()


def _cut_quotes(lines: list[str]) -> list[str]:
    blocks = _blocks(lines)
    first = next((at for at, block in enumerate(blocks) if block.kind in _MARKS), None)
    if first is None:
        return _cut_trailing_quote(lines, blocks)
    above = any(block.kind == "text" for block in blocks[:first])
    if blocks[first].kind == "original":
        return lines[: blocks[first].start] if above else lines
    rest = _without_later_originals(blocks[first + 1 :])
    below = _answers_below(lines, rest)
    if above and not below:
        return lines[: blocks[first].start]
    head = lines[: blocks[first].start]
    return head + (below or _after_mark(lines, rest))


_MARKS = ("wrote", "original")


def _without_later_originals(blocks: list[_Block]) -> list[_Block]:
    stop = next((at for at, block in enumerate(blocks) if block.kind == "original"), len(blocks))
    return blocks[:stop]


def _answers_below(lines: list[str], blocks: list[_Block]) -> list[str]:
    """The words below or between the quotes that follow 'X wrote:', [] when there are none.

    One quote is dropped; with several, each stays above its answer: without it nobody would
    understand the answer.
    """
    while blocks and blocks[-1].kind != "text":
        blocks = blocks[:-1]
    quotes = [block for block in blocks if block.kind == "quote"]
    if not quotes or not blocks or blocks[0].kind == "text":
        return []
    own = blocks if len(quotes) > 1 else [block for block in blocks if block.kind == "text"]
    return [
        line for block in own if block.kind != "wrote" for line in lines[block.start : block.end]
    ]


def _after_mark(lines: list[str], blocks: list[_Block]) -> list[str]:
    """Nothing stands above 'X wrote:' and no quote below it: only that line itself goes."""
    own = [block for block in blocks if block.kind == "text"]
    return [line for block in own for line in lines[block.start : block.end]]


def _cut_trailing_quote(lines: list[str], blocks: list[_Block]) -> list[str]:
    if not blocks or blocks[-1].kind != "quote" or len(blocks) == 1:
        return lines
    introduced = _line_above(lines, blocks[-1].start).rstrip().endswith((":", "："))
    return lines if introduced else lines[: blocks[-1].start]  # by the sender's own words


def _blocks(lines: list[str]) -> list[_Block]:
    """The lines as runs of one kind each; code between fences is always text."""
    blocks: list[_Block] = []
    fences = _fences(lines)
    at = 0
    while at < len(lines):
        kind, end = ("text", at + 1) if at in fences else _kind_at(lines, at)
        if blocks and (kind == "blank" or (kind == blocks[-1].kind and kind not in _MARKS)):
            blocks[-1] = _Block(blocks[-1].kind, blocks[-1].start, end)
        elif kind != "blank":
            blocks.append(_Block(kind, at, end))
        at = end
    return blocks


def _fences(lines: list[str]) -> set[int]:
    marks = [at for at, line in enumerate(lines) if line.lstrip().startswith("```")]
    pairs = zip(marks[::2], marks[1::2], strict=False)
    return {at for start, end in pairs for at in range(start, end + 1)}


def _kind_at(lines: list[str], at: int) -> tuple[str, int]:
    line = lines[at].strip()
    if not line:
        return "blank", at + 1
    if line.startswith((">", "|")) and not _is_table_row(lines, at):
        return "quote", at + 1
    if _is_original_line(line) or _is_copied_header(lines, at):
        return "original", at + 1
    end = wrote_line_end(lines, at)
    return ("wrote", end) if end else ("text", at + 1)


def _is_table_row(lines: list[str], at: int) -> bool:
    """A row of a table that somebody drew with bars, or of copied headers."""
    line = lines[at].strip()
    return line.startswith("|") and line.endswith("|") and line.count("|") > 1


def _is_original_line(line: str) -> bool:
    """`----- Original Message -----` and its like in other languages."""
    bare = plain(line)
    if bare in _ANNOUNCEMENTS:
        return True
    inner = bare.strip(_RULE_LETTERS + " ")
    dashed = len(bare) - len(bare.lstrip(_RULE_LETTERS)) >= 2
    return dashed and 0 < len(inner) < 60 and inner.startswith(_ORIGINALS)


def _is_copied_header(lines: list[str], at: int) -> bool:
    """`From: ... Sent: ... To: ... Subject: ...` that a program copied above the original."""
    if header_kind(lines[at]) not in ("from", "date"):
        return False
    kinds: set[str] = set()
    others = 0
    for line in lines[at : at + 14]:
        kind = header_kind(line) if line.strip() else "blank"
        if kind is None:
            others += 1
        elif kind != "blank":
            kinds.add(kind)
        if others > 2 or len(kinds) > 2:
            break
    ruled = "@" in lines[at] or _is_rule(_line_above(lines, at))
    return "from" in kinds and len(kinds) >= (2 if ruled else 3)


def _line_above(lines: list[str], at: int) -> str:
    return next((line for line in reversed(lines[max(0, at - 3) : at]) if line.strip()), "")


def _is_rule(line: str) -> bool:
    bare = "".join(line.split())
    return len(bare) >= 3 and not bare.strip(_RULE_LETTERS)


def _cut_signature(lines: list[str]) -> list[str]:
    """Cuts at `-- `, and at a rule when only a footer follows."""
    fences = _fences(lines)
    seen_text = False
    for at, line in enumerate(lines):
        bare = line.strip()
        if at in fences or not bare:
            continue
        if seen_text and (bare in ("--", "—", "––", "__") or _begins_footer(lines, at)):
            return lines[:at]
        seen_text = seen_text or not bare.startswith(">")
    return lines


def _begins_footer(lines: list[str], at: int) -> bool:
    rest = [line for line in lines[at + 1 : at + 40] if line.strip()]
    if not _is_rule(lines[at]) or len(lines) - at > 40 or not 0 < len(rest) <= _FOOTER_LINES:
        return False
    if any(line.lstrip().startswith(">") or header_kind(line) for line in rest):
        return False
    return any(word in line.lower() for line in rest for word in _FOOTER_WORDS)


def _without_edges(lines: list[str]) -> list[str]:
    """Drops blank lines around the words, and device lines, rules and bare addresses below."""
    stop = _end_of_words(lines, len(lines))
    if any(_is_bare_address(line.strip()) for line in lines[stop:]):
        below_name = stop and _is_name_line(lines, stop - 1)
        stop = _end_of_words(lines, stop - 1) if below_name else stop
    start = 0
    while start < stop and not lines[start].strip():
        start += 1
    return [line.rstrip() for line in lines[start:stop]]


def _end_of_words(lines: list[str], stop: int) -> int:
    while stop and _is_leftover(lines, stop - 1):
        stop -= 1
    return stop


def _is_name_line(lines: list[str], at: int) -> bool:
    """A short line far below the words, right above the sender's address: the name."""
    if at < 2 or lines[at - 1].strip() or lines[at - 2].strip():
        return False
    line = lines[at].strip()
    return 0 < len(line) <= 20 and line[-1] not in "。.!！?？,，:：;；"


def _is_leftover(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    return not line or _is_rule(line) or is_device_line(line) or _is_bare_address(line)


def _is_bare_address(line: str) -> bool:
    """Some programs put the sender's address alone below the words."""
    return "@" in line and " " not in line and line.isascii() and len(line) < 80
