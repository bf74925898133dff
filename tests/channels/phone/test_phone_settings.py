"""The exchange's settings: all that is needed, or a sentence that names what is odd."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from helpdesk import settings

GOOD = {"KIND": "asterisk", "ADDRESS": "pbx.test:5039", "USER": "helpdesk", "SECRET": "s3cret"}


def load(folder: Path, **values: str) -> settings.Phone | None:
    given = {f"HELPDESK_PHONE_{name}": value for name, value in values.items()}
    return settings.load({"HELPDESK_INSTANCE": str(folder), **given}).phone


def test_an_exchange_is_known_by_its_kind_and_without_one_there_is_none(tmp_path: Path) -> None:
    found = load(tmp_path, **GOOD)
    assert found is not None
    assert (found.name, found.host, found.port) == ("asterisk", "pbx.test", 5039)
    assert (found.context, found.lines) == ("from-internal", "PJSIP/{}")
    assert "s3cret" not in repr(found)
    assert load(tmp_path) is None
    local = load(tmp_path, **GOOD | {"ADDRESS": "", "LINES": "Local/{}@from-queue/n"})
    assert local is not None
    assert (local.host, local.port) == ("127.0.0.1", 5038)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KIND", "avaya"),
        ("ADDRESS", "pbx:door"),
        ("ADDRESS", ":5038"),
        ("ADDRESS", "pbx:70000"),
        ("SECRET", ""),
        ("USER", ""),
        ("LINES", "PJSIP/1001"),
        ("RECORDINGS", "ftp://pbx/recordings"),
        ("WEBSOCKET", "https://pbx.test:8089/ws"),
        ("WEBSOCKET", "ws://pbx.test:8088/ws"),
        ("WEBSOCKET", "wss://pbx.test:8089/ws; script-src *"),
        ("WEBSOCKET", "wss://user:word@pbx.test/ws"),
        ("WEBSOCKET", "ws://127.0.0.1.pbx.test/ws"),
        ("REALM", "pbx.test;transport=ws"),
    ],
)
def test_an_odd_setting_refuses_to_start_and_is_named(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(settings.SettingsError, match=f"HELPDESK_PHONE_{name}"):
        load(tmp_path, **GOOD | {name: value})


@pytest.mark.parametrize(
    ("socket", "host"),
    [
        ("wss://pbx.test:8089/ws", "pbx.test"),
        ("ws://127.0.0.1:8088/ws", "127.0.0.1"),
        ("ws://localhost/ws", "localhost"),
    ],
)
def test_browsers_connect_with_tls_or_on_this_machine(
    tmp_path: Path, socket: str, host: str
) -> None:
    found = load(tmp_path, **GOOD | {"WEBSOCKET": socket})
    assert found is not None
    assert (found.websocket, found.realm) == (socket, host)
    assert found.socket_host == socket.removesuffix("/ws")
    named = load(tmp_path, **GOOD | {"WEBSOCKET": socket, "REALM": "asterisk"})
    assert named is not None and named.realm == "asterisk"


def test_the_simulated_exchange_needs_neither_address_nor_secret(tmp_path: Path) -> None:
    found = load(tmp_path, KIND="simulated")
    assert found is not None and found.name == "simulated"


def test_without_an_exchange_the_command_says_what_to_set(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["phone", "connect"])
    assert done.exit_code == 1
    assert "HELPDESK_PHONE_KIND" in done.output
