"""Files of every kind that is taken."""

from __future__ import annotations

import io
import zipfile

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)

FTYP = b"\0\0\0\x18ftyp"


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return buffer.getvalue()


ZIP = _zip()

GOOD = {
    "png": b"\x89PNG\r\n\x1a\n" + bytes(20),
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "jpeg": b"\xff\xd8\xff\xe1Exif",
    "gif": b"GIF89a\x01\0\x01\0",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "bmp": b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
    "heic": FTYP + b"heic\0\0\0\0mif1",
    "pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "doc": OLE,
    "xls": OLE,
    "ppt": OLE,
    "docx": ZIP,
    "xlsx": ZIP,
    "pptx": ZIP,
    "odt": ZIP,
    "ods": ZIP,
    "txt": "退款说明\n1 < 2".encode(),
    "log": b"12:00 <info> started\x1b[0m",
    "csv": "编号,姓名\n1,张伟\n".encode("gb18030"),
    "json": b'{"a": "<html>"}',
    "xml": b'<?xml version="1.0"?><order id="1"/>',
    "eml": b"From: a@example.com\r\nSubject: x\r\n\r\n<html></html>",
    "msg": OLE,
    "zip": ZIP,
    "7z": b"7z\xbc\xaf\x27\x1c\0\x04",
    "rar": b"Rar!\x1a\x07\x01\0",
    "mp3": b"ID3\x04\0\0",
    "wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "m4a": FTYP + b"M4A \0\0\0\0",
    "ogg": b"OggS\0\x02",
    "amr": b"#!AMR\n<",
    "mp4": FTYP + b"isom\0\0\2\0",
    "mov": FTYP + b"qt  \0\0\0\0",
}
