"""The libraries of others lie here unchanged, with their licences."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "helpdesk" / "static"
VENDOR = runpy.run_path(str(ROOT / "assets" / "vendor.py"))


def test_vendored_files_are_exactly_what_the_manifest_says():
    assert VENDOR["problems"]() == []


def test_a_changed_vendored_file_is_noticed(tmp_path, monkeypatch):
    scope = VENDOR["problems"].__globals__
    (tmp_path / "a-1").mkdir()
    (tmp_path / "a-1" / "a.js").write_text("changed")
    manifest = tmp_path / "VENDOR.json"
    manifest.write_text('[{"files": {"a-1/a.js": "0", "a-1/LICENSE": "0"}}]')
    monkeypatch.setitem(scope, "TARGET", tmp_path)
    monkeypatch.setitem(scope, "MANIFEST", manifest)
    assert scope["problems"]() == ["a-1/LICENSE: missing", "a-1/a.js: changed"]


def test_every_vendored_package_carries_its_licence():
    for folder in (STATIC / "vendor").iterdir():
        if folder.is_dir() and folder != VENDOR["FONTS"]:
            assert list(folder.glob("LICENSE*")), folder.name
