"""The forms of a page as a browser has them: their controls, what they would send, what is stored beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

SENT_BY_A_PRESS = ("submit", "button", "reset", "image")
BOXES = ("checkbox", "radio")


@dataclass(frozen=True)
class Control:
    """One control, of several boxes with one name each for itself."""

    name: str
    kind: str  # the type of an input; textarea; select
    value: str
    on: bool = True  # a box that is ticked
    options: tuple[tuple[str, str], ...] = ()  # of a select: value and words
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass
class PageForm:
    """A form with its controls, and the values that stand beside them as stored, in words by name."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    beside: list[tuple[str, str]] = field(default_factory=list)  # name ("" when unknown), words

    @property
    def names(self) -> frozenset[str]:
        """What the form is made of."""
        return frozenset(each.name for each in self.controls)

    def value(self, name: str) -> str:
        """What would be sent for a name now; of several boxes one in each line."""
        return "\n".join(value for known, value in self.pairs() if known == name)

    def pairs(self) -> list[tuple[str, str]]:
        """What a browser would send."""
        return [(each.name, each.value) for each in self.controls if each.on]

    def typed(self, values: dict[str, str]) -> PageForm:
        """The form after somebody has set these controls; of boxes the value is what is ticked, of
        several fields with one name each has a line."""
        alike = Counter(each.name for each in self.controls)
        lines = {
            name: iter(value.split("\n") if alike[name] > 1 else [value])
            for name, value in values.items()
        }
        return replace(self, controls=[_set(each, values, lines) for each in self.controls])


def _set(control: Control, values: dict[str, str], lines: dict[str, Iterator[str]]) -> Control:
    if control.name not in values:
        return control
    if control.kind in BOXES:
        return replace(control, on=control.value in values[control.name].split("\n"))
    return replace(control, value=next(lines[control.name]))


class _Reader:
    """What the parser calls, see lxml's parser targets."""

    def __init__(self) -> None:
        self.forms: list[PageForm] = []
        self.open: PageForm | None = None
        self.into: list[str] | None = None  # where text goes at this moment
        self.select: dict[str, Any] | None = None
        self.beside = 0  # how deep inside of a line that says what is stored

    def start(self, tag: str, found: dict[str, str]) -> None:
        given = dict(found)
        if tag == "form":
            self.open = PageForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self.open)
        elif self.open is not None:
            self._inside(tag, given)

    def _inside(self, tag: str, given: dict[str, str]) -> None:
        if tag == "div" and self.beside:
            self.beside += 1
        elif "stored-now" in given.get("class", "").split():
            self.beside, self.into, self.name = 1, [], given.get("data-stored-name-value", "")
        elif tag == "input" and given.get("type", "text") not in SENT_BY_A_PRESS:
            self._control(given.get("type", "text"), given.get("value", ""), given)
        elif tag == "textarea":
            self.into, self.area = [], given
        elif tag == "select":
            self.select = {"given": given, "options": [], "chosen": None}
        elif tag == "option" and self.select is not None:
            self.into, self.option = [], given

    def _control(self, kind: str, value: str, given: dict[str, str], **more: Any) -> None:
        if "name" not in given or "disabled" in given or self.open is None:
            return
        on = "checked" in given if kind in BOXES else True
        value = value or ("on" if kind in BOXES else "")
        self.open.controls.append(Control(given["name"], kind, value, on, attributes=given, **more))

    def data(self, data: str) -> None:
        if self.into is not None:
            self.into.append(data)

    def end(self, tag: str) -> None:
        if self.open is None:
            return
        text = "".join(self.into or ())
        if tag == "form":
            self.open = None
        elif tag == "div" and self.beside:
            self.beside -= 1
            if not self.beside:
                self.open.beside.append((self.name, text))
                self.into = None
        elif tag == "textarea":
            self._control("textarea", text.removeprefix("\r\n").removeprefix("\n"), self.area)
            self.into = None
        elif tag == "option" and self.select is not None and self.into is not None:
            self._option(text)
        elif tag == "select" and self.select is not None:
            self._close_select()

    def close(self) -> list[PageForm]:
        return self.forms

    def _option(self, text: str) -> None:
        assert self.select is not None
        value = self.option.get("value", text)
        self.select["options"].append((value, text.strip()))
        if "selected" in self.option:
            self.select["chosen"] = value
        self.into = None

    def _close_select(self) -> None:
        assert self.select is not None
        options = self.select["options"]
        chosen = self.select["chosen"]
        if options and chosen is None:
            chosen = options[0][0]
        if options:
            self._control("select", chosen, self.select["given"], options=tuple(options))
        self.select = None


def forms_of(page: str) -> list[PageForm]:
    """Every form of a page, in its order."""
    parser = etree.HTMLParser(target=_Reader())
    parser.feed(page or " ")
    forms: list[PageForm] = parser.close()
    return forms
