"""A bounce is told in plain words with its code."""

import pytest
from flask import Flask

from helpdesk.channels.email.deciding.returned import SENTENCES, told
from helpdesk.channels.email.reading.bounces import Failure
from helpdesk.channels.email.reading.phrases import REASONS
from helpdesk.channels.email.reading.refusals import _BY_CODE, _TO_CODE
from helpdesk.core.i18n import in_language


def failure(reason: str, told: bool = True) -> Failure:
    return Failure("gone@a.example", "5.1.1", reason, False, True, "550 no such user", told)


def test_every_reason_that_a_report_can_have_has_a_sentence():
    found = {name for name, _phrases in REASONS} | set(_BY_CODE.values()) | set(_TO_CODE)
    assert found | {"other", "filtered"} == set(SENTENCES)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The address does not exist."), ("zh_Hans", "该地址不存在。")],
)
def test_the_line_names_recipient_reason_code_and_the_servers_words(app: Flask, language, sentence):
    with app.test_request_context(), in_language(language):
        line = told(failure("unknown recipient"))
    assert line == f"gone@a.example {sentence} (5.1.1) 550 no such user"


def test_a_code_that_nobody_told_is_not_shown(app: Flask):
    with app.test_request_context(), in_language("en"):
        assert "5.1.1" not in told(failure("mailbox full", told=False))
