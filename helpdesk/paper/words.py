"""The few words that the renderer adds to a form.

They stand here and not in the message catalogue because a form may need both languages at
once, and because its language is that of the case, not of whoever presses print.
"""

WORDS = {
    "number": ("No.", "编号"),
    "page": ("Page {page} of {pages}", "第 {page} 页 共 {pages} 页"),
    "continued": ("continued", "续"),
    "signature": ("Signature", "签字"),
    "date": ("Date", "日期"),
    "seal": ("Seal", "盖章处"),
    "cut": (
        "This print ends after {pages} pages. The whole text is kept in the system.",
        "本表打印至第 {pages} 页为止，完整内容请在系统中查看。",
    ),
}


def words(key: str, language: str, **facts: int) -> tuple[str, ...]:
    """What the form says for `key`: one text, or for a form in both languages Chinese first."""
    english, chinese = (text.format(**facts) for text in WORDS[key])
    return {"en": (english,), "zh_Hans": (chinese,)}.get(language) or (chinese, english)


def word(key: str, language: str, **facts: int) -> str:
    """The same on one line."""
    return " ".join(words(key, language, **facts))
