"""Tables as CSV that a spreadsheet opens rightly and cannot be tricked by."""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import Any

from flask import Response, stream_with_context

BOM = b"\xef\xbb\xbf"
CHUNK = 32_768
# A cell that begins so is run as a formula (OWASP, CSV injection); spreadsheets skip white
# space and invisible signs before it, and East Asian ones read the full-width forms alike.
FORMULA = re.compile(r"[\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]*[=+\-@＝＋－＠−]")
LINE_START = ("\t", "\r", "\n")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Number = int | float | Decimal


def csv_bytes(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], zone: tzinfo = UTC
) -> Iterator[bytes]:
    """The table as UTF-8 CSV (RFC 4180, byte order mark first) in chunks of some 32 kB.

    Texts are quoted and made harmless; real numbers stay numbers; datetimes are told in `zone`
    as 2026-03-09 17:30:00. A naive datetime, or a row longer or shorter than its headers,
    raises ValueError.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([cell(header, zone) for header in headers])
    yield BOM
    for row in rows:
        if len(row) != len(headers):
            raise ValueError(f"{len(headers)} headers, but a row of {len(row)} cells")
        writer.writerow([cell(value, zone) for value in row])
        if buffer.tell() >= CHUNK:
            yield _drain(buffer)
    yield _drain(buffer)


def csv_file(name: str, chunks: Iterator[bytes]) -> Response:
    """What csv_bytes() gives as a file of this name, to be kept; it is sent while it is made."""
    answer = Response(stream_with_context(chunks), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


def cell(value: Any, zone: tzinfo = UTC) -> str | Number:
    """What is written for a value: numbers as they are, anything else as harmless text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case int() | float() | Decimal():
            return value if math.isfinite(value) else ""
        case datetime():
            return _local(value, zone)
        case date() | time():
            return value.isoformat()
    return harmless(str(value))


def harmless(text: str) -> str:
    """`text` without control characters, and with ' before whatever could be a formula."""
    text = CONTROL.sub("", text)
    if text.startswith(LINE_START) or FORMULA.match(text):
        return "'" + text
    return text


def _local(moment: datetime, zone: tzinfo) -> str:
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone cannot be told in another")
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _drain(buffer: io.StringIO) -> bytes:
    """What has been written so far; lone surrogates become a question mark."""
    written = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return written
