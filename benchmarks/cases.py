"""Invented cases to open over the API: half in Chinese, a third from customers who came before."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks.load.writing import Writing


def cases(seed: int) -> Iterator[dict[str, Any]]:
    """Endless bodies for POST /api/v1/tickets, the same ones for the same seed."""
    chance = Random(seed)
    writing = Writing(chance)
    number = 0
    while True:
        number += 1
        who = number if number % 3 else chance.randrange(number) + 1
        code, faults, products = writing.category()
        language = chance.choice(("zh_Hans", "en"))
        product, subject = writing.matter(language, faults, products)
        yield {
            "kind": chance.choice(("complaint", "complaint", "request", "enquiry")),
            "channel": "api",
            "subject": subject,
            "body": writing.case(language, subject),
            "category": code,
            "language": language,
            "place": writing.place(language),
            "person": {
                "name": writing.name(language),
                "email": f"bench{seed}x{who}@example.com",
                "phone": f"138{(seed * 1_000_003 + who) % 10**8:08d}",
            },
            "fields": {"product": product},
        }
