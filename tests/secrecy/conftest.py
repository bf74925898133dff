"""One world for all tests of this folder: they look at it and change nothing that is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from helpdesk import paper
from helpdesk.core.db import db
from helpdesk.core.outbox import deliver_due
from helpdesk.setup import in_force
from tests.help.secrecy.world import World, build


@pytest.fixture(scope="module")
def readable_paper() -> Iterator[None]:
    """A PDF as the form that it is drawn from, and a QR code as what it says: both can be read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paper, "render", lambda form: repr(form).encode())
        patch.setattr(paper, "qr_svg_path", lambda text: (text, 0))
        yield


@pytest.fixture(scope="module")
def world(the_app: Flask, store: Any, readable_paper: None) -> Iterator[World]:
    """The company, after its letters went out."""
    with the_app.app_context():
        store.fresh()
        in_force.forget()
        in_force._kept[db.engine] = store.setup
        made = build(the_app)
        deliver_due(limit=500)
        yield made
        db.session.remove()
