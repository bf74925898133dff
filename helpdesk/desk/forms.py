"""The forms of the desk: their shape is checked here, everything else by the verbs."""

from __future__ import annotations

import secrets
from typing import Any

from wtforms import (
    BooleanField,
    DateTimeLocalField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Optional

from helpdesk.core.errors import bad_fields
from helpdesk.core.given import whole
from helpdesk.core.i18n import N_, gettext, lazy_gettext, zone
from helpdesk.customers.people import Asker
from helpdesk.setup import in_force
from helpdesk.setup.names import categories
from helpdesk.tickets import choices, fields
from helpdesk.tickets.fields import On
from helpdesk.tickets.intake import Intake
from helpdesk.web.forms import Form, at_most, once_id
from helpdesk.words import LEVELS

SPOKEN = ("phone", "counter", "letter", "transfer", "media")
FACTS = ("demand", "product", "model", "order_no", "bought_on", "amount", "occurred_at")


class PhoneForm(Form):
    """What a call agent fills while somebody speaks. Only the matter itself is needed."""

    once = HiddenField()
    talk = HiddenField()  # of the call whose case it fills; without one it opens a case
    person = HiddenField()  # whom the agent picked: an id, or "new" for somebody else
    phone = StringField(lazy_gettext("Caller's number"), [at_most(80)])
    name = StringField(lazy_gettext("Name"), [at_most(100)])
    kind = SelectField(lazy_gettext("Kind"))
    category = StringField(lazy_gettext("Category"), [at_most(200)])
    severity = SelectField(lazy_gettext("Severity"))
    subject = StringField(lazy_gettext("Subject"), [at_most(200)])
    body = TextAreaField(lazy_gettext("What the caller tells"), [at_most(100_000)])
    demand = StringField(lazy_gettext("What the customer asks for"), [at_most(5000)])
    channel = SelectField(lazy_gettext("Channel"))
    email = StringField(lazy_gettext("Mail address"), [at_most(254)])
    organisation = StringField(lazy_gettext("Company"), [at_most(200)])
    level = SelectField(lazy_gettext("Customer level"))
    product = StringField(lazy_gettext("Product or service"), [at_most(500)])
    model = StringField(lazy_gettext("Model"), [at_most(500)])
    order_no = StringField(lazy_gettext("Contract or order number"), [at_most(500)])
    bought_on = StringField(lazy_gettext("Date of purchase"), [at_most(100)])
    amount = StringField(lazy_gettext("Amount"), [at_most(100)])
    occurred_at = StringField(lazy_gettext("When it happened"), [at_most(100)])
    received_at = DateTimeLocalField(
        lazy_gettext("When it came in (stamp, document)"), [Optional()], format=choices.LOCAL
    )
    confidential = BooleanField(lazy_gettext("Confidential: departments do not see who it is"))

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.kind.choices = choices.of("kind")
        self.severity.choices = [("", gettext("By the rules")), *choices.of("severity")]
        self.channel.choices = [pair for pair in choices.of("channel") if pair[0] in SPOKEN]
        levels = [(code, gettext(name)) for code, name in LEVELS.items() if code != "plain"]
        self.level.choices = [("", gettext("As known")), *levels]
        self.once.data = self.once.data or secrets.token_hex(12)

    def intake(self) -> Intake:
        """The case as the front door takes it. Raises BadInput for a category that there is not."""
        picked = self.person.data or ""
        given = {each: _given(self[each]) for each in GIVEN if each in self}
        return Intake(
            **(given | {"category": category_code(self.category.data or "")}),
            body=self.body.data or "",
            person=self.asker(),
            person_id=whole(picked),
            settled=picked == "new",
            external_id=once_id(
                "desk", self.once.data, self.subject.data or "", self.body.data or ""
            ),
            fields={name: self[name].data for name in FACTS if self[name].data},
        )

    def asker(self) -> Asker:
        """Who calls."""
        asked = ("name", "email", "phone", "level", "organisation")
        given: dict[str, Any] = {name: self[name].data or "" for name in asked}
        return Asker(**given)


GIVEN = [each.name for each in fields.on(On.GIVEN)]
for each in fields.on(On.GIVEN):  # what has no words of its own on this form
    if not hasattr(PhoneForm, each.name):
        setattr(PhoneForm, each.name, choices.control(each))


def _given(control: Any) -> Any:
    """What was typed; a time in the zone of the person who typed it."""
    if isinstance(control, DateTimeLocalField):
        return control.data.replace(tzinfo=zone()) if control.data else None
    return "" if control.data is None else control.data


def category_code(words: str) -> str:
    """The code behind a category's code or name, with or without the names above it, as typed.

    Raises BadInput when there is no such category, or when a part of a name fits several.
    """
    wanted = words.strip().casefold()
    if not wanted or in_force.current().category(words.strip()):
        return words.strip()
    offered = [(code, name.casefold()) for code, name in categories()]
    for fits in (
        [code for code, name in offered if name == wanted],
        [code for code, name in offered if name.rpartition(" › ")[2] == wanted],
        [code for code, name in offered if wanted in name.rpartition(" › ")[2]],
    ):
        if len(fits) == 1:
            return fits[0]
    wrong = N_("There is no such category. Type a part of its name and pick one.")
    raise bad_fields(category=wrong)
