"""What all forms share: blanks, our sentences, and errors that a verb finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from wtforms import PasswordField, SelectField, StringField, TextAreaField

from helpdesk.core.errors import BadInput, Conflict, NotAllowed, Refused
from helpdesk.web.forms import Form, at_most, choices, filled, fits, may_be_empty


class Sample(Form):
    name = StringField("Name", [filled(), at_most(5)])
    words = TextAreaField("Words", [may_be_empty()])
    secret = PasswordField("Secret")
    colour = SelectField("Colour", choices=choices([("r", "Red"), ("b", "Blue")]))
    even = StringField("Even", [may_be_empty(), fits(lambda t: len(t) % 2 == 0, "Not even.")])


@pytest.fixture
def sent(app: Flask) -> Iterator[Callable[..., Sample]]:
    """sent(name=...) is the form as it comes in by POST."""
    contexts = []

    def send(**fields: str) -> Sample:
        context = app.test_request_context("/", method="POST", data={"colour": "r"} | fields)
        context.push()
        contexts.append(context)
        return Sample()

    yield send
    for context in reversed(contexts):
        context.pop()


def raising(error: Exception) -> Callable[[], None]:
    def verb() -> None:
        raise error

    return verb


def test_texts_come_without_blanks_around_them_but_passwords_as_they_are(
    sent: Callable[..., Sample],
) -> None:
    form = sent(name="  Li  ", words="\n one \n", secret="  x  ")
    assert (form.name.data, form.words.data, form.secret.data) == ("Li", "one", "  x  ")


def test_texts_come_without_nul_which_one_of_the_databases_refuses(
    sent: Callable[..., Sample],
) -> None:
    assert sent(name="L\x00i").name.data == "Li"


@pytest.mark.parametrize("blank", ["", "   ", "\t\n", "\u3000"])
def test_blanks_do_not_fill_a_field(sent: Callable[..., Sample], blank: str) -> None:
    form = sent(name=blank)
    assert not form.validate()
    assert [str(text) for text in form.errors["name"]] == ["Please fill this in."]


def test_too_long_a_text_is_told_with_its_limit(sent: Callable[..., Sample]) -> None:
    form = sent(name="sixsix")
    assert not form.validate()
    assert str(form.errors["name"][0]) == "This is too long: 5 characters at most."


def test_a_check_of_ones_own_has_its_own_sentence(sent: Callable[..., Sample]) -> None:
    form = sent(name="Li", even="odd")
    assert not form.validate() and form.errors == {"even": ["Not even."]}
    assert sent(name="Li", even="").validate()


def test_a_choice_that_is_not_offered_is_refused(sent: Callable[..., Sample]) -> None:
    assert not sent(name="Li", colour="x").validate()


def test_a_verb_runs_only_for_a_right_form(sent: Callable[..., Sample]) -> None:
    done: list[str] = []
    assert not sent(name="").did(lambda: done.append("wrong"))
    assert sent(name="Li").did(lambda: done.append("right"))
    assert done == ["right"]


def test_a_form_that_was_only_opened_runs_nothing(app: Flask) -> None:
    with app.test_request_context("/"):
        assert not Sample().did(raising(AssertionError("was run")))


def test_what_a_verb_finds_wrong_stands_at_its_field(sent: Callable[..., Sample]) -> None:
    form = sent(name="Li")
    assert not form.did(raising(BadInput("Look again.", errors={"name": "Taken."})))
    assert form.errors == {"name": ["Taken."]}


def test_what_belongs_to_no_field_stands_above_the_form(sent: Callable[..., Sample]) -> None:
    form = sent(name="Li")
    assert not form.did(raising(BadInput("Look again.", errors={"unknown": "Taken."})))
    assert form.form_errors == ["Look again."]


@pytest.mark.parametrize("error", [Refused("Not now."), Conflict("Somebody was faster.")])
def test_a_refusal_or_a_conflict_keeps_the_form(
    sent: Callable[..., Sample], error: Exception
) -> None:
    form = sent(name="Li")
    assert not form.did(raising(error))
    assert form.form_errors == [str(error)] and form.name.data == "Li"


def test_a_missing_right_is_no_matter_of_the_form(sent: Callable[..., Sample]) -> None:
    with pytest.raises(NotAllowed):
        sent(name="Li").did(raising(NotAllowed("Not you.")))


def test_choices_keep_value_and_label() -> None:
    offered = choices([("a", "Apple")])
    assert [(one.value, one.label) for one in offered] == [("a", "Apple")]


FIELD = (
    '{% from "components/forms.html" import field %}{{ field(form.name, "Short", hx_get="/x") }}'
)


def test_a_control_names_its_hint_and_its_errors_and_takes_attributes_of_htmx(
    app: Flask, sent: Callable[..., Sample]
) -> None:
    form = sent(name="too long a name")
    fine = app.jinja_env.from_string(FIELD).render(form=form)
    assert 'aria-describedby="name-hint"' in fine
    assert 'hx-get="/x"' in fine
    assert "aria-invalid" not in fine
    form.validate()
    wrong = app.jinja_env.from_string(FIELD).render(form=form)
    assert 'aria-describedby="name-hint name-error" aria-invalid="true"' in wrong
