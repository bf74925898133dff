"""Mails inside a mail: what S/MIME signed (opaque) or compressed is taken out, as it was written.

Nothing is verified and nothing is decrypted: that would need keys. RFC 5652, RFC 8551.
"""

from __future__ import annotations

import binascii
import zlib

from .parameters import Value

TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")
MOST = 40 * 1024 * 1024  # bytes that come out of one mail's wrappings, all together


def is_wrapped(kind: Value, name: str) -> bool:
    """Whether a part is S/MIME by its type, or by its name where a gateway made its type plain."""
    plain = kind.main in ("application/octet-stream", "application/x-pkcs7")
    return kind.main in TYPES or (plain and name.strip().lower().endswith(".p7m"))


def unwrap(data: bytes, most: int = MOST) -> tuple[str, bytes]:
    """What kind of wrapping it is ('signed', 'compressed', 'encrypted', '' when it can't be read)
    and the first `most` bytes of the mail inside, b'' when it can't be had without a key."""
    from asn1crypto import cms  # 2 MB for the few mails that are signed so

    try:
        info = cms.ContentInfo.load(_binary(data))
        kind = info["content_type"].native
        if kind == "signed_data":
            return "signed", bytes(info["content"]["encap_content_info"]["content"])[:most]
        if kind == "compressed_data":
            packed = bytes(info["content"]["encap_content_info"]["content"])
            return "compressed", zlib.decompressobj().decompress(packed, max(1, most))
        return ("encrypted" if "enveloped" in kind or "encrypted" in kind else ""), b""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, zlib.error):
        return "", b""


def _binary(data: bytes) -> bytes:
    """DER or BER; some writers leave out that it is base64."""
    if data[:1] == b"\x30":
        return data
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        return data
