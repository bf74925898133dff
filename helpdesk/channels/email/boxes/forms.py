"""The forms of a mailbox, and of the leave to use it."""

from __future__ import annotations

from typing import Any

from wtforms import (
    BooleanField,
    EmailField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange

from helpdesk.agents.admin_forms import department_choices
from helpdesk.core.i18n import gettext, lazy_gettext
from helpdesk.notify.mail.mailboxes import Mailbox
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import Form, at_most, choices, filled, may_be_empty, row_id, secret_field

KINDS = [
    ("imap", lazy_gettext("We fetch it by IMAP")),
    ("pop3", lazy_gettext("We fetch it by POP3")),
    ("smtp", lazy_gettext("Our mail server brings it to us")),
]
ENCRYPTIONS = [
    ("tls", lazy_gettext("TLS from the start")),
    ("starttls", lazy_gettext("STARTTLS")),
    ("none", lazy_gettext("None (only inside your own network)")),
]
COLUMNS = set(Mailbox.__table__.columns.keys()) - {"version"}
PORTS = NumberRange(1, 65535, lazy_gettext("A port is a number from 1 to 65535."))
RATE = NumberRange(0, 10_000, lazy_gettext("A whole number from 0 to 10,000."))


class MailboxForm(Correction):
    """One mailbox: who we are in it, how mail comes in, how it goes out."""

    address = EmailField(lazy_gettext("Mail address"), [filled(), at_most(254)])
    name = StringField(
        lazy_gettext("Short name"),
        [filled(), at_most(40)],
        description=lazy_gettext("Stands in lists and in commands, such as: support"),
    )
    sender_name = StringField(
        lazy_gettext("Name of the sender"),
        [at_most(80)],
        description=lazy_gettext("Customers see it; without it, the company's name."),
    )
    department_id = SelectField(
        lazy_gettext("Department"),
        [may_be_empty()],
        coerce=row_id,
        description=lazy_gettext("What no routing rule claims goes straight to it."),
    )
    language = SelectField(lazy_gettext("Language of its mails"), [may_be_empty()])
    signature_zh = TextAreaField(lazy_gettext("Signature in Chinese"), [at_most(1000)])
    signature_en = TextAreaField(lazy_gettext("Signature in English"), [at_most(1000)])
    kind = RadioField(lazy_gettext("How mail comes in"), choices=choices(KINDS))
    user = StringField(lazy_gettext("User"), [at_most(254)])
    password = secret_field(lazy_gettext("Password or authorisation code"))
    host = StringField(lazy_gettext("Server for fetching"), [at_most(254)])
    port = IntegerField(lazy_gettext("Port"), [filled(), PORTS])
    tls = SelectField(lazy_gettext("Encryption"), choices=choices(ENCRYPTIONS))
    folder = StringField(lazy_gettext("Folder"), [at_most(200)])
    done_folder = StringField(
        lazy_gettext("Folder for mails that we have"),
        [at_most(200)],
        description=lazy_gettext(
            "Empty leaves them where they are. With POP3, any word here deletes them from the server."
        ),
    )
    proof_by = StringField(
        lazy_gettext("Server that proves senders"),
        [at_most(254)],
        description=lazy_gettext(
            "The name with which your mail server begins its Authentication-Results, such as "
            "mx.google.com; * trusts the topmost one (Microsoft 365). Empty: addresses are not proven."
        ),
    )
    from_now = BooleanField(
        lazy_gettext("Leave what lies in the mailbox today"),
        description=lazy_gettext(
            "Otherwise it becomes tickets too; in any case nobody is answered."
        ),
    )
    smtp_host = StringField(
        lazy_gettext("Server for sending"),
        [at_most(254)],
        description=lazy_gettext("Empty sends through the server of the settings."),
    )
    smtp_port = IntegerField(lazy_gettext("Port"), [filled(), PORTS])
    smtp_tls = SelectField(lazy_gettext("Encryption"), choices=choices(ENCRYPTIONS))
    per_minute = IntegerField(
        lazy_gettext("Most mails in a minute"),
        [may_be_empty(), RATE],
        default=30,
        description=lazy_gettext("More wait their turn. 0 sends as many as there are."),
    )
    plus = BooleanField(
        lazy_gettext("name+anything@ reaches this mailbox too"),
        description=lazy_gettext("Then each ticket gets a reply address of its own."),
    )
    active = BooleanField(lazy_gettext("In use"))

    @classmethod
    def offered(cls, box: Mailbox | None, guess: dict[str, Any]) -> MailboxForm:
        """The form, filled in from the mailbox, or from what its address tells."""
        blank = {"folder": "INBOX", "done_folder": "", "active": True, "kind": "imap"}
        form = cls(obj=box) if box is not None else cls(data=blank | guess)
        form.department_id.choices = department_choices(gettext("None"))
        form.language.choices = choices(
            [("", gettext("As the mail is written")), ("zh_Hans", "中文"), ("en", "English")]
        )
        return form

    def given(self) -> dict[str, Any]:
        """What was filled in, by column."""
        found = {name: value for name, value in self.typed().items() if name in COLUMNS}
        if found["per_minute"] is None:
            found["per_minute"] = 30
        return found


class ConsentForm(Form):
    """Who we are at the provider."""

    authority = RadioField(lazy_gettext("Provider"))
    client_id = StringField(lazy_gettext("Client id"), [filled(), at_most(300)])
    client_secret = secret_field(lazy_gettext("Client secret"))
    tenant = StringField(
        lazy_gettext("Directory (tenant)"),
        [at_most(100)],
        description=lazy_gettext("Only for Microsoft: the directory's id or domain."),
    )
    authorize_url = StringField(lazy_gettext("Address for consent"), [at_most(500)])
    token_url = StringField(lazy_gettext("Address for tokens"), [at_most(500)])
    scope = StringField(lazy_gettext("Scope"), [at_most(500)])
