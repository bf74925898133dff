"""The customer's way into a case is kept from what colleagues read; the case is still named."""

from __future__ import annotations

import pytest

from helpdesk.tickets.veil import veiled

SECRET = "ABCDEFGH2345WXYZ"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"https://x.example/track/2026-000123/{SECRET}", "https://x.example/track/2026-000123/–"),
        (f"/confirm/2026-000123/{SECRET}{SECRET} thanks", "/confirm/2026-000123/– thanks"),
        (f"/unsubscribe/42.{'0aF9' * 8}", "/unsubscribe/42.–"),
        (
            f"/track/2026-000123/{SECRET} and /unsubscribe/7.{'0aF9' * 8}",
            "/track/2026-000123/– and /unsubscribe/7.–",
        ),
        (f"/track/2026-000123/{SECRET}A", f"/track/2026-000123/{SECRET}A"),  # no secret of ours
        ("/track/2026-000123/", "/track/2026-000123/"),
        ("Nothing here", "Nothing here"),
    ],
)
def test_a_link_names_the_case_and_not_its_secret(text: str, kept: str) -> None:
    assert veiled(text) == kept
