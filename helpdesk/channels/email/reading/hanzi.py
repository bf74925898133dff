"""Tells GB18030, Big5, Korean and Japanese bytes apart when no label can be trusted."""

from __future__ import annotations

# Characters that make up most of everyday Chinese text, letters and requests.
_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这中大来上个国到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可"
    "她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三"
    "已老从动两长知民样现分将外但身些与高意进把法此实回二理美点月明其种声全工己话儿者向情部正名定女"
    "问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少关并内加化由"
    "却代军产入先山五太水万市您请谢您好件邮附件客户服务收到联系公司订单系统投诉办理处反馈号码通知帐"
    "费程序登录密码网络员工资料报表需安装使测试验确认致敬祝顺利贵方及按照情况提供"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這中大來上個國到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可"
    "她裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三"
    "已老從動兩長知民樣現分將外但身些與高意進把法此實回二理美點月明其種聲全工己話兒者向情部正名定女"
    "問力機給等幾很業最間新什打便位因重被走電四第門相次東政海口使教西再平真聽世氣信北少關並內加化由"
    "卻代軍產入先山五太水萬市您請謝您好件郵附件客戶服務收到聯繫公司訂單系統投訴辦理處反饋號碼通知帳"
    "費程序登錄密碼網絡員工資料報表需安裝使測試驗確認致敬祝順利貴方及按照情況提供"
)
_CANDIDATES = ("gb18030", "cp950", "cp949", "cp932", "euc_jp", "big5hkscs")
_PUNCTUATION = frozenset("，。！？：；、（）《》“”【】「」")


def _letters(codec: str, leads: range, trails: range) -> frozenset[str]:
    pairs = (bytes((lead, trail)) for lead in leads for trail in trails)
    return frozenset("".join(pair.decode(codec, "ignore") for pair in pairs))


# The first planes of each set hold what people write; the rest is rare.
_COMMON = {
    "gb18030": _letters("gb2312", range(0xB0, 0xD8), range(0xA1, 0xFF)),
    "cp950": _letters("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),
    "cp949": _letters("euc_kr", range(0xB0, 0xC9), range(0xA1, 0xFF)),
    "cp932": _letters("shift_jis", range(0x88, 0x98), range(0x40, 0xFD)),
}
_COMMON["big5hkscs"] = _COMMON["cp950"]
_COMMON["euc_jp"] = _COMMON["cp932"]
_FREQUENT = {"gb18030": _SIMPLIFIED, "cp950": _TRADITIONAL, "big5hkscs": _TRADITIONAL}


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
    if letter in _FREQUENT.get(codec, ()):
        return 1.0
    if letter in _PUNCTUATION:
        return 0.3
    if codec in ("cp932", "euc_jp") and 0x3041 <= ord(letter) <= 0x30FF:
        return 1.0
    if letter in _COMMON[codec]:
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
    known = letter in _COMMON["gb18030"] or letter in _COMMON["cp950"]
    return alphabet or wide or known or 0xAC00 <= code < 0xD7A4
