"""Forms of sign-in and of one's own account."""

from __future__ import annotations

import re

from wtforms import EmailField, HiddenField, PasswordField, RadioField, StringField
from wtforms.validators import EqualTo

from helpdesk.core.i18n import N_, lazy_gettext
from helpdesk.web.forms import Form, at_most, choices, filled, fits

MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,190}")
LANGUAGE_CHOICES = [("zh_Hans", "中文"), ("en", "English")]


def mail_address() -> object:
    """The text looks like a mail address."""
    return fits(
        lambda text: bool(MAIL.fullmatch(text or "")),
        N_("This does not look like a mail address: name@example.com."),
    )


def repeats(name: str) -> EqualTo:
    """The same text as in the other field."""
    return EqualTo(name, lazy_gettext("The two are not the same. Please type it again."))


class SignInForm(Form):
    """Mail address and password."""

    email = EmailField(lazy_gettext("Mail address"), [filled()])
    password = PasswordField(lazy_gettext("Password"), [filled()])
    next = HiddenField()


class CodeForm(Form):
    """A code of the authenticator app, or one from paper."""

    code = StringField(lazy_gettext("Code from the app"), [filled(), at_most(40)])


class SetupForm(CodeForm):
    """The first code of the app, and the token of which its secret is made."""

    setup = HiddenField()


class PasswordForm(Form):
    """Something grave takes the password."""

    current = PasswordField(lazy_gettext("Current password"), [filled()])


class NewPasswordForm(Form):
    """A password, twice."""

    password = PasswordField(
        lazy_gettext("New password"),
        [filled()],
        description=lazy_gettext("At least 8 characters; a short sentence is easy to remember."),
    )
    again = PasswordField(
        lazy_gettext("The same again"),
        [filled(), repeats("password")],
    )


class ChangePasswordForm(PasswordForm, NewPasswordForm):
    """The current password, then the new one."""


class FirstStartForm(NewPasswordForm):
    """The first administrator and the company, with the key from the terminal."""

    key = StringField(
        lazy_gettext("Key"),
        [filled(), at_most(60)],
        description=lazy_gettext("It stands in the terminal in which Helpdesk was started."),
    )
    company_zh = StringField(lazy_gettext("Company name in Chinese"), [filled(), at_most(80)])
    company_en = StringField(lazy_gettext("Company name in English"), [filled(), at_most(80)])
    name = StringField(lazy_gettext("Your name"), [filled(), at_most(80)])
    email = EmailField(lazy_gettext("Your mail address"), [filled(), mail_address()])


class PreferencesForm(Form):
    """Language, time zone and height of the rows."""

    language = RadioField(lazy_gettext("Language"), choices=choices(LANGUAGE_CHOICES))
    timezone = StringField(
        lazy_gettext("Time zone"),
        description=lazy_gettext("Leave it empty for the company's time zone."),
    )
    density = RadioField(
        lazy_gettext("Rows in lists"),
        choices=choices(
            [
                ("comfortable", lazy_gettext("Two lines")),
                ("compact", lazy_gettext("One line (compact)")),
            ]
        ),
    )
