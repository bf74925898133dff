"""WCAG 2.2 AA contrast of the colour tokens, light and dark, computed from the style sheet."""

import re
from pathlib import Path

import pytest

SHEET = Path(__file__).parents[2] / "helpdesk" / "static" / "css" / "helpdesk.css"
TEXT, SHAPE = 4.5, 3.0
GROUNDS = ("ground", "nav", "sheet", "sunk", "hover", "accent-soft")
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("ink", "ink-2", "ink-3") for ground in GROUNDS],
    *[(ink, ground, TEXT) for ink in ("accent", "red", "amber") for ground in GROUNDS[:5]],
    ("accent", "accent-soft", TEXT),
    ("accent-hover", "sheet", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("on-red", "red", TEXT),
    ("red", "red-soft", TEXT),
    ("ink", "red-soft", TEXT),
    ("amber", "amber-soft", TEXT),
    ("green", "green-soft", TEXT),
    ("green", "sheet", TEXT),
    ("ink", "note", TEXT),
    ("ink-2", "note", TEXT),
    ("line-strong", "sheet", SHAPE),
    ("line-strong", "ground", SHAPE),
    ("amber-mark", "sheet", SHAPE),
    ("sheet", "green", SHAPE),
    ("sheet", "red", SHAPE),
]


def themes() -> dict[str, dict[str, str]]:
    """The colour tokens of each theme by name."""
    text = SHEET.read_text("utf-8")
    layer = text[text.index("@layer tokens {") : text.index("@layer base {")]
    colour = r"#[0-9a-f]{6}"
    found = re.findall(
        rf"--([a-z0-9-]+): (?:light-dark\(({colour}), ({colour})\)|({colour}));", layer
    )
    assert len(found) > 20
    return {
        "light": {name: light or both for name, light, _dark, both in found},
        "dark": {name: dark or both for name, _light, dark, both in found},
    }


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_has_the_known_contrast():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_inks_stand_out_from_their_grounds(theme, ink, ground, least):
    tokens = themes()[theme]
    assert contrast(tokens[ink], tokens[ground]) >= least
