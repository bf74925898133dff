"""A handled case, its printed form, and the words of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from helpdesk.agents.models import Agent
from helpdesk.core.db import db
from helpdesk.tickets import actions, callbacks
from helpdesk.tickets.models import Ticket
from tests.help import factories as make
from tests.help.notices import Cast

FACTS = {
    "product": "冰箱 BCD-452W",
    "lot": "HL25110300781",
    "order_no": "SO-2025-118830",
    "demand": "换新机",
    "validity": "valid",
    "cause_code": "material",
    "root_cause": "压缩机批次缺陷",
    "remedy": "更换压缩机",
}


def signed_in(client: FlaskClient, who: Cast, role: str) -> FlaskClient:
    return make.sign_in(client, db.session.get_one(Agent, getattr(who, role).id))


def handled(who: Cast, **more: object) -> Ticket:
    """The fridge complaint up to the follow-up call."""
    ticket = make.ticket(fields=FACTS, **more)
    actions.accept(ticket, by=who.agent, comment="加急")
    actions.dispatch(ticket, by=who.agent, department_id=who.quality_id)
    actions.sign(ticket, by=who.handler)
    actions.handle(ticket, by=who.handler)
    actions.reply(ticket, by=who.handler, body="已更换压缩机，费用全免。")
    actions.approve(ticket, by=who.supervisor, comment="同意")
    caller = make.agent("Zhao Min").actor
    callbacks.attempt(
        ticket, by=caller, contact="reached", resolved="yes", result=5, words="挺快的"
    )
    return ticket


def page(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return unescape(answer.get_data(as_text=True))


def pdf_text(content: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed")
    file = folder / "form.pdf"
    file.write_bytes(content)
    told = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True)
    return re.sub(r"\s+", "", told.stdout.decode())
