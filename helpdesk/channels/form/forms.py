"""The forms that customers fill, in their own words."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    MultipleFileField,
    RadioField,
    SelectField,
    StringField,
    TelField,
    TextAreaField,
)

from helpdesk.core.i18n import N_, gettext, lazy_gettext, offered
from helpdesk.setup import in_force
from helpdesk.tickets import fields
from helpdesk.tickets.choices import control
from helpdesk.web.forms import Form, at_most, choices, filled
from helpdesk.words import RESOLVED, SCORES

KINDS = {
    "complaint": N_("Something went wrong"),
    "request": N_("Please do something for me"),
    "enquiry": N_("I have a question"),
    "suggestion": N_("I have a suggestion"),
    "praise": N_("I want to praise somebody"),
    "report": N_("I want to report wrongdoing"),
}


def category_choices(language: str) -> list[tuple[str, str]]:
    """The public categories as (code, indented name); the first entry leaves it to us."""
    nodes = [n for n in in_force.current().categories.values() if n.public and n.active]
    named = [(n.code, "\u3000" * (len(n.ids) - 1) + n.names[language]) for n in nodes]
    return [("", gettext("I am not sure")), *named]


class CaseForm(Form):
    """Five questions before sending; the rest behind 'more'."""

    subject = StringField(lazy_gettext("What is it about?"), [filled(), at_most(200)])
    body = TextAreaField(lazy_gettext("What happened?"), [filled(), at_most(20_000)])
    category = SelectField(lazy_gettext("Where does it belong?"), default="")
    name = StringField(lazy_gettext("Your name"), [at_most(80)])
    contact = StringField(
        lazy_gettext("Phone or mail address"),
        [at_most(200)],
        description=lazy_gettext(
            "So that we can answer you. Without it you can only follow your case here."
        ),
    )
    confidential = BooleanField(
        lazy_gettext("Keep my name confidential"),
        description=lazy_gettext(
            "The departments that handle it then see neither your name nor how to reach you;"
            " the service desk does, to answer you. What you write above is shown to them as it stands."
        ),
    )
    kind = RadioField(lazy_gettext("What would you like?"), default="complaint")
    product = StringField(lazy_gettext("Product or service"), [at_most(200)])
    order_no = StringField(lazy_gettext("Contract or order number"), [at_most(80)])
    phone = TelField(lazy_gettext("A second number, if we can't reach you"), [at_most(200)])
    demand = TextAreaField(lazy_gettext("What should we do?"), [at_most(5000)])
    files = MultipleFileField(lazy_gettext("Photos or documents"))
    website = StringField(lazy_gettext("Please leave this empty"))  # a trap for machines
    once = HiddenField()

    @property
    def further(self) -> list[Any]:
        """The fields of the ticket that are asked for under "More"."""
        return [self[each.name] for each in ASKED]

    def prepare(self, language: str) -> CaseForm:
        """Fill the choices in the reader's language."""
        self.category.choices = choices(category_choices(language))
        self.kind.choices = choices(offered(KINDS))
        return self


ASKED = [each for each in fields.FIELDS if each.asked]
for each in ASKED:
    setattr(CaseForm, each.name, control(each, each.asked))


class FindForm(Form):
    """Number and code of a case."""

    number = StringField(lazy_gettext("Case number"), [filled(), at_most(40)])
    code = StringField(
        lazy_gettext("Tracking code"),
        [filled(), at_most(40)],
        description=lazy_gettext("16 letters and digits, as on your receipt."),
    )


class AddForm(Form):
    """Further words and files of the customer."""

    body = TextAreaField(lazy_gettext("Your message"), [at_most(20_000)])
    files = MultipleFileField(lazy_gettext("Photos or documents"))


class RateForm(Form):
    """The customer's judgement after the answer."""

    result = RadioField(lazy_gettext("How satisfied are you with the result?"), [filled()])
    resolved = RadioField(lazy_gettext("Was your matter solved?"), validate_choice=False)
    words = TextAreaField(lazy_gettext("What could we have done better?"), [at_most(2000)])

    def prepare(self) -> RateForm:
        """Fill the choices in the reader's language."""
        self.result.choices = choices(
            (str(score), gettext(label)) for score, label in SCORES.items()
        )
        self.resolved.choices = choices(offered(RESOLVED))
        return self
