"""The forms of a page, as a browser would send them untouched."""

from __future__ import annotations

from html.parser import HTMLParser

NOT_SENT = ("file", "submit", "button")
WHEN_TICKED = ("checkbox", "radio")


class Forms(HTMLParser):
    """Reads a page; `found` holds where each form goes ('' for the page itself) and its fields."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str]]] = []
        self._choice = self._text = ""  # the <select> and the <textarea> that are open
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((told.get("action", ""), {}))
        elif self.found:
            self._field(tag, told)

    def _field(self, tag: str, told: dict[str, str]) -> None:
        fields = self.found[-1][1]
        if tag == "select":
            self._choice = told.get("name", "")
        elif tag == "textarea":
            self._text = told.get("name", "")
            fields[self._text] = ""
        elif tag == "option" and self._choice and "selected" in told:
            fields[self._choice] = told.get("value", "")
        elif tag == "input" and told.get("name") and _is_sent(told):
            fields[told["name"]] = told.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._text:
            self.found[-1][1][self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._choice = ""
        elif tag == "textarea":
            self._text = ""


def _is_sent(told: dict[str, str]) -> bool:
    kind = told.get("type", "text")
    return kind not in NOT_SENT and (kind not in WHEN_TICKED or "checked" in told)
