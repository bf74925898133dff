"""Correcting what is stored when somebody else was faster: nothing typed is lost, and both are shown."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_wtf.form import _Auto
from sqlalchemy.orm.exc import ObjectDeletedError
from wtforms import Field, FileField, HiddenField, PasswordField, SubmitField
from wtforms.fields.choices import SelectFieldBase

from helpdesk.core.db import CHANGED, locked, transaction
from helpdesk.core.errors import Conflict, HelpdeskError
from helpdesk.core.i18n import gettext
from helpdesk.web.forms import Form


class Correction(Form):
    """A form that corrects what is stored: the columns of `obj`, or what `stored` gives for its fields.

    It carries a mark of what its writer has read. When somebody was faster, all that was typed stays,
    and each field that differs has `beside` it what is stored; sent again, it is taken.
    """

    version = HiddenField()
    stale = False
    given_once: tuple[str, ...] = ()  # fields that must be filled at first and never change

    def __init__(
        self,
        formdata: Any = _Auto,
        obj: Any = None,
        stored: Callable[[], Mapping[str, Any]] | None = None,
        **given: Any,
    ) -> None:
        if stored is not None:
            super().__init__(formdata, data=stored(), **given)
        else:
            super().__init__(formdata, obj=obj, **given)
        self._row, self._stored = obj, stored
        if getattr(obj, "id", None) is None:
            del self.version  # nothing is stored yet
            for name in self.given_once:
                self[name].flags.required = True
        else:
            for name in self.given_once:
                del self[name]
            is_sent = self.version.raw_data is not None
            self.version.data = self._seen if is_sent else mark(self._values())

    @property
    def status(self) -> int:
        """As of every form, and 409 when somebody was faster."""
        return Conflict.status if self.stale else super().status

    def did(self, verb: Callable[[], object]) -> bool:
        """As of every form; nothing is done when what is stored is not what the writer has read."""
        return super().did(partial(self._unless_changed, verb))

    def refuse(self, error: HelpdeskError) -> None:
        """As of every form; when somebody was faster, both versions stand in the form afterwards."""
        super().refuse(error)
        if isinstance(error, Conflict) and "version" in self:
            try:
                now = self._now()
            except ObjectDeletedError:
                raise error from None  # nothing is left to correct
            show_both(self, now._values(), str(now.version.data))

    def typed(self) -> dict[str, Any]:
        """As of every form; what is given once is empty later on."""
        return dict.fromkeys(self.given_once, "") | super().typed()

    def _unless_changed(self, verb: Callable[[], object]) -> object:
        with transaction():
            if "version" in self:
                self._require_seen()
            return verb()

    def _require_seen(self) -> None:
        """The row, locked, is as the writer has read it; one who knows its number may give that."""
        row = locked(self._row)
        if self._seen != str(getattr(row, "version", "")):
            require_seen(self._seen, self._now()._values())

    @property
    def _seen(self) -> str:
        return str(self.version.raw_data[0]) if self.version.raw_data else ""

    def _now(self) -> Correction:
        """The same form as a colleague would open it at this moment."""
        return type(self)(formdata=None, obj=self._row, stored=self._stored)

    def _values(self) -> dict[str, Any]:
        return {field.short_name: field.data for field in self if not isinstance(field, UNREAD)}


@dataclass(frozen=True)
class Beside:
    """What is stored of a field that was typed otherwise: in words, and as its control sends it (None
    when no single control does)."""

    words: str
    value: str | None


UNREAD = (HiddenField, FileField, PasswordField, SubmitField)  # nobody reads there what is stored


def show_both(form: Form, stored: Mapping[str, Any], version: str) -> None:
    """Put what is `stored` beside what was typed; sent again, the form is meant as a change of that."""
    form.stale, form.version.data = True, version
    for name, value in stored.items():
        if name in form and plain(form[name].data) != plain(value):
            form[name].beside = Beside(told(form[name], value), plain(value))


def plain(value: object) -> str:
    """A value of a field as its control sends it; equal for what a reader can't tell apart."""
    if isinstance(value, list | tuple | set | frozenset):
        return "\n".join(sorted(map(plain, value)))
    if isinstance(value, bool):
        return "y" if value else ""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def told(field: Field, value: object) -> str:
    """In the reader's words what a value of this field means."""
    if isinstance(value, bool):
        return yes_or_no(value)
    if isinstance(field, SelectFieldBase):
        many = value if isinstance(value, list | tuple) else [value]
        labels = {str(choice[0]): str(choice[1]) for choice in field.iter_choices()}
        return gettext(", ").join(labels.get(plain(one), plain(one)) for one in many)
    return plain(value)


def beside(
    typed: Mapping[str, object],
    stored: Mapping[str, object],
    words: Callable[[str, Any], str] = lambda _name, value: plain(value),
) -> dict[str, Beside]:
    """For a form that is written by hand: what is `stored` of each name that was typed otherwise."""
    return {
        name: Beside(words(name, value), plain(value))
        for name, value in stored.items()
        if plain(typed.get(name)) != plain(value)
    }


def yes_or_no(value: object) -> str:
    """A box that is ticked or not, in the reader's words."""
    return gettext("yes") if value else gettext("no")


def mark(values: Mapping[str, object]) -> str:
    """A short mark of what is stored: the same as long as nobody has changed any of it."""
    text = json.dumps({name: plain(value) for name, value in values.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def require_seen(seen: str, now: Mapping[str, object]) -> None:
    """Raise Conflict when what is stored `now` is not what bore the mark `seen`."""
    if seen and seen != mark(now):
        raise Conflict(CHANGED)
