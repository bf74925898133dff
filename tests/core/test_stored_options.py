"""Business settings: defaults, changes, and the counter that caches follow."""

from __future__ import annotations

import pytest
from flask import Flask

from helpdesk.core import options
from helpdesk.core.db import db, transaction


def test_without_a_row_the_default_counts(app: Flask) -> None:
    assert options.get("urge_hours") == 24


def test_a_setting_is_kept_with_its_type(app: Flask) -> None:
    for name, value in (("urge_hours", 6), ("offer_work", False), ("required_to_close", ["lot"])):
        with transaction():
            options.put(name, value)
        db.session.expire_all()
        assert options.get(name) == value


@pytest.mark.parametrize("name", ["unknown", "version", ""])
def test_an_undeclared_name_is_a_mistake_in_the_program(app: Flask, name: str) -> None:
    with pytest.raises(KeyError):
        options.get(name)
    with pytest.raises(KeyError), transaction():
        options.put(name, 1)


def test_every_change_is_counted(app: Flask) -> None:
    before = options.version()
    with transaction():
        options.put("urge_hours", 6)
        options.put("urge_hours", 7)
    with transaction():
        options.changed()
    assert options.version() == before + 3


def test_a_change_that_is_undone_is_not_counted(app: Flask) -> None:
    before = options.version()
    with pytest.raises(ValueError, match="on purpose"), transaction():
        options.put("urge_hours", 6)
        raise ValueError("on purpose")
    assert (options.version(), options.get("urge_hours")) == (before, 24)
