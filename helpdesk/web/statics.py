"""Static files under an address that names their content: browsers keep them for a year and never see a stale one.

The release stands in the path, not in a query, so that our modules' relative imports carry it along.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Flask, Response, current_app, send_from_directory

FOLDER = Path(__file__).parent.parent / "static"
OURS = ("css/*.css", "js/**/*.js", "*.svg", "vendor/VENDOR.json")
A_YEAR = 31_536_000


def release(folder: Path = FOLDER) -> str:
    """Twelve letters that change whenever one of our static files does."""
    digest = hashlib.sha256()
    for path in sorted(found for pattern in OURS for found in folder.glob(pattern)):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def init(app: Flask) -> None:
    """Serve /static/RELEASE/name; url_for('static', filename=name) gives that address."""
    named = release()
    app.add_url_rule("/static/<asked>/<path:filename>", "static", _send)

    @app.url_defaults
    def say_release(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values.setdefault("asked", named)

    app.extensions["helpdesk_release"] = named


def _send(asked: str, filename: str) -> Response:
    """A file; one of another release (an old page during an update) is sent too, but not kept."""
    answer = send_from_directory(FOLDER, filename, max_age=A_YEAR)
    if asked == current_app.extensions["helpdesk_release"]:
        answer.cache_control.immutable = True
    else:
        answer.cache_control.max_age = 0
    return answer
