"""Helpdesk: a module alone loads only what it names, create_app() loads the whole program."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from helpdesk.settings import Settings


def create_app(given: Settings | None = None) -> Flask:
    """The app for these settings, or for the environment's (and .env) when none are given."""
    from helpdesk.app import wired  # not for a process that only reads one mail

    return wired(given)
