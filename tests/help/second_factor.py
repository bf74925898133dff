"""The secret of a second factor."""

from __future__ import annotations

import base64

SECRET = base64.b32encode(b"12345678901234567890").decode()
