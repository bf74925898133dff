"""Bytes on disk (I8)."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage

from helpdesk import files
from helpdesk.core.errors import BadInput, Busy, NotFound, TooLarge
from helpdesk.files import StoredFile

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@dataclass(frozen=True)
class Place:
    """Settings with small limits."""

    instance: Path
    max_file_bytes: int = 100_000
    max_files: int = 3


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Settings of an app that has only a place for files."""
    small = Place(tmp_path / "instance")
    app = Flask("small")
    app.extensions["helpdesk_settings"] = small
    with app.test_request_context():
        yield small


def upload(name: str | None, content: bytes = b"hello") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def _on_disk(place: Place) -> list[Path]:
    return [path for path in place.instance.rglob("*") if path.is_file()]


def _read(file: StoredFile) -> bytes:
    with files.open_file(file.key) as opened:
        return opened.read()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("content", [PNG, io.BytesIO(PNG)])
def test_a_stored_file_keeps_its_bytes_and_its_chinese_name(content: bytes | BinaryIO) -> None:
    file = files.store(content, "屏幕 截图.png", "")
    assert _read(file) == PNG
    assert file.sha256 == hashlib.sha256(PNG).hexdigest()
    assert (file.size, file.mime, file.name) == (len(PNG), "image/png", "屏幕 截图.png")
    assert file.safe


def test_a_file_lies_under_a_random_key_in_two_folders_that_only_we_may_read(place: Place) -> None:
    one, two = (files.store(PNG, "../../a.png", "image/png") for _ in range(2))
    assert one.key != two.key
    assert (place.instance / "files" / one.key[:2] / one.key[2:4] / one.key).is_file()
    assert len(_on_disk(place)) == 2
    assert stat.S_IMODE((place.instance / "files").stat().st_mode) == 0o700


def test_content_is_forced_to_disk_before_its_name_appears(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (order.append("sync"), sync(handle))[1])
    monkeypatch.setattr(Path, "replace", lambda a, b: (order.append("rename"), replace(a, b))[1])
    files.store(PNG, "a.png", "image/png")
    assert order == ["sync", "rename", "sync", "sync", "sync"]


def test_mail_may_bring_any_type_and_size_but_it_is_flagged(place: Place) -> None:
    for name, mime, content in (
        ("page.html", "text/html", b"<html>"),
        ("picture.svg", "image/svg+xml", b"<svg/>"),
        ("program.exe", "application/x-msdownload", b"MZ\0"),
        ("lying.png", "image/png", b"<script>"),
        ("large.bin", "application/x-large", bytes(200_000)),
        ("empty.txt2", "", b""),
    ):
        file = files.store(content, name, mime)
        assert not file.safe
        assert _read(file) == content
        headers = files.content_headers(file.name, file.mime)
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment")


def test_a_part_without_a_name_is_named_by_its_type(place: Place) -> None:
    file = files.store(PNG, "", "image/png", content_id="logo@example.com")
    assert (file.name, file.content_id) == ("file.png", "logo@example.com")
    assert files.store(b"x", " ", "application/x-odd").name == "file"


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.html", b"<html>", "file_type"),
        ("a.svg", b"<svg/>", "file_type"),
        ("a.js", b"alert(1)", "file_type"),
        ("a.pdf.exe", b"MZ\0", "file_type"),
        ("noextension", b"text", "file_type"),
        ("a.png", b"<svg/>", "file_content"),
        ("a.txt", b"MZ\0\0", "file_content"),
        ("a.pdf", b"hello", "file_content"),
        ("报告.pdf", b"", "file_empty"),
    ],
)
def test_a_form_refuses_other_types_with_a_sentence(
    place: Place, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        files.store_upload(upload(name, content))
    assert refusal.value.code == code
    assert name in str(refusal.value)
    assert _on_disk(place) == []


def test_a_form_refuses_what_is_too_large_and_keeps_nothing(place: Place) -> None:
    exact = files.store_upload(upload("a.txt", b"a" * place.max_file_bytes))
    assert exact.size == place.max_file_bytes
    with pytest.raises(TooLarge, match="大文件.txt is too large: 0.0953674 MB at most"):
        files.store_upload(upload("大文件.txt", b"a" * (place.max_file_bytes + 1)))
    assert len(_on_disk(place)) == 1


def test_files_of_a_refused_form_can_be_discarded(place: Place) -> None:
    files.discard([files.store_upload(upload(name)) for name in ("a.txt", "b.txt")])
    assert _on_disk(place) == []


def test_a_form_s_file_is_kept_as_what_it_is(place: Place) -> None:
    kept = [files.store_upload(each) for each in (upload("a.txt"), upload("b.png", PNG))]
    assert [(file.name, file.mime, file.safe) for file in kept] == [
        ("a.txt", "text/plain", True),
        ("b.png", "image/png", True),
    ]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_f10_a_full_disk_refuses_cleanly_and_works_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", lambda _handle: _fail(number))
        with pytest.raises(Busy):
            files.store(PNG, "a.png", "image/png")
    assert _on_disk(place) == []
    assert _read(files.store(PNG, "a.png", "image/png")) == PNG


def _fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def test_a_sender_who_breaks_off_leaves_nothing_behind(place: Place) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise ConnectionResetError
            return super().read(size)

    with pytest.raises(ConnectionResetError):
        files.store(Broken(bytes(300_000)), "a.bin", "")
    assert _on_disk(place) == []


@pytest.mark.parametrize("key", ["", "..", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 32 + "\n"])
def test_a_key_that_is_none_of_ours_does_not_exist(place: Place, key: str) -> None:
    with pytest.raises(NotFound):
        files.open_file(key)
    with pytest.raises(NotFound):
        files.remove(key)


def test_a_removed_file_does_not_exist_and_is_removed_twice_without_harm(place: Place) -> None:
    file = files.store(PNG, "a.png", "image/png")
    files.remove(file.key)
    files.remove(file.key)
    with pytest.raises(NotFound):
        files.open_file(file.key)


@pytest.fixture
def aged(place: Place) -> Iterator[tuple[StoredFile, StoredFile]]:
    old, new = (files.store(PNG, "a.png", "image/png") for _ in range(2))
    path = next(path for path in _on_disk(place) if path.name == old.key)
    os.utime(path, (1, 1))
    yield old, new


def test_i8_doctor_can_list_the_keys_on_disk_by_age(
    place: Place, aged: tuple[StoredFile, StoredFile]
) -> None:
    assert set(files.stored_keys()) == {file.key for file in aged}
    assert list(files.stored_keys(older_than=3600)) == [aged[0].key]


def test_what_a_crash_left_half_written_is_cleared_after_an_hour(place: Place) -> None:
    assert files.clear_unfinished() == 0
    folder = place.instance / "files" / "unfinished"
    folder.mkdir(parents=True)
    for name, when in (("old", 1), ("new", None)):
        (folder / name).write_bytes(b"half")
        if when:
            os.utime(folder / name, (when, when))
    assert files.clear_unfinished() == 1
    assert [path.name for path in folder.iterdir()] == ["new"]
    assert list(files.stored_keys()) == []


@pytest.mark.usefixtures("place")
def test_a_download_names_the_file_in_both_writings_and_runs_nothing() -> None:
    file = files.store(b"<script>alert(1)</script>", "报告.html", "text/html")
    given = files.answer(file.key, file.name, file.mime, inline=True)
    assert given.headers["Content-Type"] == "application/octet-stream"
    assert given.headers["Content-Disposition"] == (
        "attachment; filename=\"file.html\"; filename*=UTF-8''%E6%8A%A5%E5%91%8A.html"
    )
    assert "sandbox" in given.headers["Content-Security-Policy"]
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Cache-Control"] == "private, max-age=3600"


@pytest.mark.usefixtures("place")
def test_a_picture_may_be_shown_in_the_page_and_carries_its_bytes() -> None:
    file = files.store(PNG, "photo.png", "")
    given = files.answer(file.key, file.name, file.mime, inline=True)
    given.direct_passthrough = False
    assert given.headers["Content-Disposition"].startswith('inline; filename="photo.png"')
    assert given.data == PNG


@pytest.mark.usefixtures("place")
def test_a_download_of_bytes_that_are_gone_is_not_found() -> None:
    with pytest.raises(NotFound):
        files.answer("0" * 32, "a.png", "image/png")
