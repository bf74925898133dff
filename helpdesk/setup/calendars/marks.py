"""Whether a day of an ICS file is a working day: only an explicit mark makes it one, never its name.

Marks: X-APPLE-SPECIAL-DAY:ALTERNATE-WORKDAY, a category, or a whole word of the title such as （班） or 补班.
A title that speaks of work without such a mark stays a day off, and the administrator is asked.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Any

MARKS = frozenset(
    (
        *("班", "上班", "补班", "调休上班", "上班日", "补班日", "工作日"),
        *("workday", "working day", "make-up workday", "make-up working day", "makeup workday"),
    )
)
ENDINGS = ("补班", "补班日", "调休上班", "调休补班")  # also behind the name of a holiday: 元旦补班
RESTS = frozenset(("休", "休息", "休息日", "放假", "holiday", "day off", "closed"))
APPLE = "ALTERNATE-WORKDAY"
_BETWEEN = str.maketrans(
    dict.fromkeys("()（）[]【】〔〕《》<>:：,，;；、|/·—–", "\n")
)  # parts of a title
_NOT = re.compile(
    r"[不无免停非未休]|取消|\b(?:no|not|non|never|without|cancel|cancell?ed|closed)\b", re.I
)
_WORK = re.compile(r"班|开工|\b(?:work|works|working|workday|workdays|open|make-?up)\b", re.I)


class Day(Enum):
    """What a day of a file is; ASK is a day off until the administrator says otherwise."""

    REST = "rest"
    WORK = "work"
    ASK = "ask"


def day_of(event: Any) -> Day:
    """What the marks of an entry say."""
    special = str(event.get("X-APPLE-SPECIAL-DAY", "")).strip().upper()
    if special:
        return Day.WORK if special == APPLE else Day.REST
    if _categories(event) & MARKS:
        return Day.WORK
    return of_title(str(event.get("SUMMARY", "")))


def of_title(title: str) -> Day:
    """What a title says, read in whole words."""
    lines = title.translate(_BETWEEN).replace(" - ", "\n").split("\n")
    parts = [part.strip().lower() for part in lines if part.strip()]
    words = {word for part in parts for word in (part, *part.split())}
    marked = bool(words & MARKS) or any(word.endswith(ENDINGS) for word in words)
    denied = bool(_NOT.search(title.replace("调休", "").replace("补休", ""))) or bool(words & RESTS)
    if marked:
        return Day.ASK if denied else Day.WORK
    return Day.ASK if _WORK.search(title) and not denied else Day.REST


def _categories(event: Any) -> set[str]:
    found = event.get("CATEGORIES", [])
    lists = found if isinstance(found, list) else [found]
    texts = [str(each) for one in lists for each in getattr(one, "cats", [one])]
    return {text.strip().lower() for text in texts}
