"""What all WTForms of the project share: our own sentences, and errors that a verb found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    MultipleFileField,
    PasswordField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from helpdesk.core.errors import FILL, PICK, BadInput, Conflict, HelpdeskError, Refused
from helpdesk.core.i18n import N_, gettext, lazy_gettext


class SelectMultipleCheckField(SelectMultipleField):  # type: ignore[misc]
    """Several of a few choices, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __iter__(self) -> Iterator[Any]:
        """The boxes; a browser would take "required" as "tick every one"."""
        for option in super().__iter__():
            option.flags.required = False
            yield option


class OwnWords:
    """What WTForms says by itself, from our catalogue and in the reader's language."""

    def gettext(self, text: str) -> str:
        """What we say instead of this sentence of WTForms."""
        ours = (said for begins, said in SAID_BY_WTFORMS.items() if text.startswith(begins))
        return gettext(next(ours, ODD))

    def ngettext(self, _one: str, many: str, _number: int) -> str:
        """The same for a number of things, which ours do not name."""
        return self.gettext(many)


class Form(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF token. Texts come without blanks around them, and without NUL."""

    made: Any = None  # what the verb gave that the form was sent for

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Strip what was typed; passwords say otherwise themselves. Speak our own words."""

        def get_translations(self, form: FlaskForm) -> OwnWords:
            """Our catalogue instead of the one that WTForms brings."""
            return OWN_WORDS

        def bind_field(self, form: FlaskForm, unbound: Any, options: Any) -> Any:
            """Give every text field the strip filter."""
            given = unbound.kwargs.get("filters")
            if given is None and unbound.field_class.__name__ in STRIPPED:
                options = options | {"filters": (_stripped,)}
            return super().bind_field(form, unbound, options)

        def render_field(self, field: Field, given: dict[str, Any]) -> Any:
            """Draw a control; as data_x becomes data-x by itself, hx_get becomes hx-get."""
            named = {
                name.replace("_", "-") if name.startswith("hx_") else name: value
                for name, value in given.items()
            }
            return super().render_field(field, named)

    def validate(self, extra_validators: Any = None) -> bool:
        """The fields' own checks; a name that came twice is nothing that a person types."""
        fine = super().validate(extra_validators)
        twice = [field for field in self if _came_twice(field)]
        for field in twice:
            field.errors = [
                *field.errors,
                gettext("This came more than once. Please send it once."),
            ]
        return bool(fine and not twice)

    def did(self, verb: Callable[[], object]) -> bool:
        """Whether the form was sent, was right, and the verb went through: `made` is what it gave.

        The sentences of a refusal stand in the form afterwards.
        """
        if not self.validate_on_submit():
            return False
        try:
            self.made = verb()
        except BadInput as error:
            self.take(error)
        except (Refused, Conflict) as error:
            self.refuse(error)
        else:
            return True
        return False

    def typed(self) -> dict[str, Any]:
        """What was filled in, by field; a text or choice that did not come at all is empty."""
        shown = (field for field in self if not isinstance(field, HiddenField))
        return {field.short_name: _typed(field) for field in shown}

    @property
    def status(self) -> int:
        """The HTTP status of the page that shows the form: 422 while something has to be mended."""
        return 422 if self.errors else 200

    def refuse(self, error: HelpdeskError) -> None:
        """Say above the form why it was refused as a whole."""
        self.form_errors.append(error.sentence(gettext))

    def take(self, error: BadInput) -> None:
        """Show the sentences of a verb at their fields; without a field, above the form."""
        placed = False
        for name, text in error.errors.items():
            field = self._fields.get(name)
            if field is not None:
                field.errors = [*field.errors, gettext(text)]
                placed = True
        if not placed:
            self.form_errors.append(error.sentence(gettext))


NUMBER = N_("Please give a number.")
DATE = N_("Please give a date and time.")
ODD = N_("This can't be read. Please look at it again.")
LONG = N_("This is too long or too short.")
SAID_BY_WTFORMS = {  # by how its sentence begins; of all others we say ODD
    "Not a valid choice": PICK,
    "Invalid Choice": PICK,
    "Invalid choice": PICK,
    "Invalid value, must be one of": PICK,
    "Choices cannot be None": PICK,
    "'%(value)s'": PICK,
    "This field is required": FILL,
    "This field must be filled": FILL,
    "Number must": NUMBER,
    "Date must": DATE,
    "Not a valid date": DATE,
    "Not a valid time": DATE,
    "Not a valid week": DATE,
    "Not a valid": NUMBER,
    "Field must be equal": ODD,
    "Field": LONG,
    "Invalid email": N_("This is not a mail address: it should look like name@example.com."),
}
OWN_WORDS = OwnWords()


def _came_twice(field: Field) -> bool:
    many = isinstance(field, SelectMultipleField | MultipleFileField | BooleanField)
    return not many and len(field.raw_data or ()) > 1


def _typed(field: Field) -> Any:
    is_text = isinstance(field, StringField) or getattr(field, "coerce", None) is str
    return "" if field.data is None and is_text else field.data


STRIPPED = {"StringField", "TextAreaField", "EmailField", "TelField", "SearchField"}


def _stripped(value: str | None) -> str | None:
    return value.replace("\x00", "").strip() if isinstance(value, str) else value


def once_id(door: str, key: str, *words: str) -> str:
    """The name of what a form with the hidden `key` brought through this door: equal words are the same
    case, other words after a step back in the browser are another one."""
    return f"{door}:{key[:40]}:{hashlib.sha256(chr(0).join(words).encode()).hexdigest()[:16]}"


def choices(pairs: Iterable[tuple[str, Any]]) -> list[SelectChoice]:
    """The (value, label) pairs as WTForms wants them."""
    return [SelectChoice(value, label) for value, label in pairs]


def row_id(sent: object) -> int | None:
    """What makes a choice the id of a row, for `coerce`; None for '' or nothing. Raises ValueError."""
    return None if sent in ("", None) else int(str(sent))


def filled() -> DataRequired:
    """The field must be filled, with more than blanks."""
    return DataRequired(lazy_gettext("Please fill this in."))


def at_most(characters: int) -> Length:
    """No more than so many characters."""
    return Length(
        max=characters,
        message=lazy_gettext("This is too long: %(most)s characters at most.", most=characters),
    )


def may_be_empty() -> Optional:
    """The field may be left empty; then nothing else is checked."""
    return Optional()


def secret_field(label: LazyString) -> PasswordField:
    """What nobody sees again once it is stored."""
    told = lazy_gettext("Stored encrypted, never shown again. Empty keeps the stored one.")
    return PasswordField(label, [at_most(500)], description=told)


def fits(check: Callable[[Any], bool], sentence: str) -> Callable[[Any, Field], None]:
    """A validator of one's own: `check` on the data, else the sentence (a message id)."""

    def validate(_form: Any, field: Field) -> None:
        if not check(field.data):
            raise ValidationError(gettext(sentence))

    return validate
