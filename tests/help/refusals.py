"""What a database says when it refuses a row."""

from __future__ import annotations

from types import SimpleNamespace

from sqlalchemy.exc import OperationalError


def refusal(code: str) -> OperationalError:
    """What SQLAlchemy raises when PostgreSQL refuses a statement with this code."""
    return OperationalError("UPDATE ticket", {}, SimpleNamespace(sqlstate=code))  # type: ignore[arg-type]
