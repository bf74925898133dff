"""Every event of a ticket has a sentence of its own, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from helpdesk.agents.rights import VERBS
from helpdesk.core.events import Event
from helpdesk.core.i18n import in_language
from helpdesk.tickets import actions, history_words, queries
from helpdesk.tickets.lifecycle import TABLE
from tests.help import factories as make

SOURCES = Path(history_words.__file__).parent.parent


def recorded() -> set[str]:
    """The names that verbs of tickets write into the journal."""
    found = {f"ticket.{code}" for code in TABLE.codes}
    for path in [*(SOURCES / "tickets").rglob("*.py"), *(SOURCES / "setup").rglob("*.py")]:
        text = path.read_text("utf-8")
        names = re.findall(r'"((?:ticket|message|callback|promise)\.[a-z_]+)"', text)
        if "record(" in text:
            found |= set(names)
    return found - (set(VERBS) - set(history_words.SENTENCES))  # rights look like events


def test_every_event_that_a_verb_records_has_a_sentence() -> None:
    assert recorded() <= set(history_words.SENTENCES)


@pytest.mark.parametrize("language", ["en", "zh_Hans"])
@pytest.mark.parametrize("name", sorted(history_words.SENTENCES))
def test_a_sentence_can_be_told_even_of_an_old_entry_without_values(
    app: Flask, name: str, language: str
) -> None:
    with app.test_request_context(), in_language(language):
        words = history_words.told(Event(name=name, data={}))
    assert words and "%(" not in words


def test_codes_and_times_are_told_as_people_say_them(app: Flask) -> None:
    make.department()
    sent = Event(name="ticket.transfer", data={"from_department": "", "department": "quality"})
    held = Event(name="ticket.hold", data={"until": "2026-03-05T01:30:00+00:00"})
    with app.test_request_context(), in_language("zh_Hans"):
        assert history_words.told(sent).endswith("转至质量部")
        assert "3月5日 09:30" in history_words.told(held)


def test_a_correction_is_told_with_old_and_new_value(app: Flask) -> None:
    agent, ticket = make.agent(), make.ticket()
    facts, why = {"validity": "valid"}, "Somebody was hurt"
    actions.edit(ticket, by=agent.actor, severity="S1", place="", facts=facts, reason=why)
    event = queries.history(ticket)[-1]
    with app.test_request_context(), in_language("en"):
        assert history_words.told(event) == (
            "Changed Severity: Normal → Critical; "
            "Kind of complaint after assessment: empty → Valid complaint"
        )


def test_a_reason_is_told_beside_the_sentence(app: Flask) -> None:
    event = Event(name="ticket.decline", data={"comment": "Not ours"})
    assert history_words.comment(event) == "Not ours"


def test_without_a_reason_nothing_is_told_in_either_language(app: Flask) -> None:
    with app.test_request_context(), in_language("zh_Hans"):
        assert history_words.comment(Event(name="ticket.accept", data={})) == ""
