"""Forms of the knowledge desk. Lengths and choices are checked by the verbs, in one place."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from wtforms import DateField, RadioField, SelectField, StringField, TextAreaField

from helpdesk.core.i18n import gettext, language, lazy_gettext, offered, zone
from helpdesk.kb import shelves
from helpdesk.kb.drafts import Draft, Visibility
from helpdesk.kb.models import SHOWN, ArticleRevision
from helpdesk.web.corrections import Correction
from helpdesk.web.forms import at_most, choices, filled, may_be_empty

DAY = timedelta(days=1)


class ArticleForm(Correction):
    """One version of an article, Chinese and English side by side."""

    title_zh = StringField(lazy_gettext("Title in Chinese"))
    body_zh = TextAreaField(lazy_gettext("Text in Chinese"))
    title_en = StringField(lazy_gettext("Title in English"))
    body_en = TextAreaField(lazy_gettext("Text in English"))
    category = SelectField(lazy_gettext("Category"), [filled()])
    visibility = RadioField(lazy_gettext("Who may read it"), default=Visibility.PUBLIC)
    expires_on = DateField(
        lazy_gettext("Valid until"),
        [may_be_empty()],
        description=lazy_gettext("On the day after it goes offline, and its owner is told."),
    )

    def prepare(self) -> ArticleForm:
        """The choices in the reader's language."""
        pairs = [(code, shelf.name(language())) for code, shelf in shelves.all_shelves().items()]
        self.category.choices = choices([("", gettext("Please choose")), *pairs])
        self.visibility.choices = choices(offered(Visibility.names()))
        return self

    def draft(self) -> Draft:
        """What was typed, as the verbs take it."""
        texts = {name: getattr(self, name).data or "" for name in SHOWN}
        return Draft(**texts, expires_at=end_of_day(self.expires_on.data))


class NewArticleForm(ArticleForm):
    """The first version, with an address if one is wished."""

    code = StringField(
        lazy_gettext("Web address"),
        description=lazy_gettext("Left empty, it is made from the English title."),
    )


class EndForm(Correction):
    """Until when a published article holds."""

    expires_on = DateField(lazy_gettext("Valid until"), [may_be_empty()])


class CategoryForm(Correction):
    """The two names of a category, and the code that never changes."""

    given_once = ("code",)
    code = StringField(lazy_gettext("Code"), [filled(), at_most(40)])
    name_zh = StringField(lazy_gettext("Name in Chinese"), [filled(), at_most(60)])
    name_en = StringField(lazy_gettext("Name in English"), [filled(), at_most(60)])


def filled_from(revision: ArticleRevision) -> dict[str, Any]:
    """What the form shows of a version."""
    values = revision.values()
    return values | {"expires_on": last_day(values.pop("expires_at"))}


def end_of_day(day: Any) -> datetime | None:
    """The midnight after a day in the reader's zone; None for no day."""
    return datetime.combine(day + DAY, time(0), zone()) if day else None


def last_day(at: datetime | None) -> Any:
    """The day that ends at this moment; None for no moment."""
    return (at.astimezone(zone()) - timedelta(seconds=1)).date() if at else None
