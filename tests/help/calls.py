"""Calls of the API: a token's headers, and a case as a program hands it over."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from helpdesk.agents.invitations import hashed
from helpdesk.agents.models import ApiToken
from helpdesk.agents.tokens import PREFIX
from helpdesk.core.db import db, transaction
from helpdesk.tickets.models import Ticket

CASE = {
    "kind": "complaint",
    "channel": "api",
    "subject": "退款三周未到账",
    "body": "订单已取消三周，退款仍未到账。",
    "category": "billing.refund",
    "person": {"name": "李雷", "phone": "+86 139 0000 1111", "language": "zh_Hans"},
}


def new_token() -> tuple[str, str]:
    """A fresh token, and what is kept of it."""
    secret = PREFIX + secrets.token_urlsafe(32)
    return secret, hashed(secret)


def token(role: str = "agent", department: Any = None) -> dict[str, str]:
    secret, kept = new_token()
    with transaction() as session:
        session.add(
            ApiToken(
                name="a shop",
                role=role,
                token_hash=kept,
                department_id=department.id if department else None,
            )
        )
    return {"Authorization": f"Bearer {secret}", "Accept-Language": "en"}


@pytest.fixture
def headers(app: Flask) -> dict[str, str]:
    return token()


def tickets() -> int:
    return db.session.scalar(select(func.count()).select_from(Ticket)) or 0


NOTICE = {
    "department": "quality",
    "title": "压缩机批次缺陷",
    "problem": "三周内五台不制冷",
    "requirement": "停用批次",
}
