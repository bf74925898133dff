"""One spelling for many: width, case, accents and traditional characters folded away."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from pathlib import Path

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_ACCENTS = re.compile("[\u0300-\u036f]")
_MAY_BEAR_ACCENTS = re.compile("[\u00c0-\u052f\u1e00-\u1fff]")
_HAN_RUN = re.compile(f"[{HAN}]+")
_DASHES = "\u2010\u2011\u2012\u2013\u2212"
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LONGEST_NAME = 6

# GB 2312 keeps its first level in the order of Hanyu Pinyin: where each initial begins.
_LETTERS = "abcdefghjklmnopqrstwxyz"
_FIRST = "啊芭擦搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝"
_STARTS = [character.encode("gb2312") for character in _FIRST]
_FIRST_LEVEL_END = b"\xd7\xf9"
# Characters of names beyond that level, and surnames that are not read as usual.
_OTHER_INITIALS = {
    "a": "媛霭", "b": "璧璎缤邴", "c": "岑琛宸谌昶骢璁褚", "d": "黛玳岱邸妲",
    "f": "酆斐霏芾绯芙沣", "g": "郜亘珙缑赓", "h": "晗瀚晖珲桦骅皓昊灏珩泓璜寰",
    "j": "珏瑾槿婧菁佶骥霁姣皎隽炅珈", "k": "邝阚恺锴珂轲岢夔", "l": "璐琏麟珑郦逯栾黎鹭骊泷岚莅",
    "m": "宓缪茉淼珉玟岷湄嵋", "n": "囡旎甯", "o": "瓯区", "p": "邳霈濮逄翩",
    "q": "覃琪祺淇琦麒岐芪瞿璩骞荃铨茜仇", "r": "睿芮嵘榕", "s": "晟佘莘殳姝倏淞嵩芷飒邰单",
    "t": "佟婷滕昙焘", "w": "薇玮炜邬雯琬", "x": "昕馨鑫煊萱璇暄郗奚冼熹曦禧筱骁荀洵解",
    "y": "闫晏妍嫣钰煜昱奕轶懿怡滢瑛毓鄢於郓芸筠沅炀", "z": "郅祯钊璋嶂倬梓翟曾查",
}  # fmt: skip


def _simplified() -> dict[str, str]:
    text = Path(__file__).with_name("simplified.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    groups = " ".join(lines).split()
    return {variant: group[0] for group in groups for variant in group[1:]}


_PLAIN = _simplified() | dict.fromkeys(_DASHES, "-") | dict.fromkeys(_INVISIBLE, "")
_NOT_PLAIN = re.compile(f"[{''.join(_PLAIN)}]")
_INITIAL = {character: letter for letter, some in _OTHER_INITIALS.items() for character in some}


def fold(text: str) -> str:
    """The text as the index sees it: half-width, lower case, simplified, without accents."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold()
    if _MAY_BEAR_ACCENTS.search(plain):
        bare = _ACCENTS.sub("", unicodedata.normalize("NFD", plain))
        plain = unicodedata.normalize("NFC", bare)
    return _NOT_PLAIN.sub(lambda found: _PLAIN[found[0]], _ACCENTS.sub("", plain))


def _initial(character: str) -> str:
    if character in _INITIAL:
        return _INITIAL[character]
    code = character.encode("gb2312", "ignore")
    if not _STARTS[0] <= code <= _FIRST_LEVEL_END:
        return ""
    return _LETTERS[bisect_right(_STARTS, code) - 1]


def initials(name: str) -> list[str]:
    """The pinyin initials of each Chinese name in the text: 张伟 gives ['zw']."""
    runs = [run for run in _HAN_RUN.findall(fold(name)) if 1 < len(run) <= _LONGEST_NAME]
    letters = ["".join(map(_initial, run)) for run in runs]
    return [each for run, each in zip(runs, letters, strict=True) if len(each) == len(run)]
