"""The browser's part: unchanged libraries, no strangers, nothing inline, small files."""

from __future__ import annotations

import gzip
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "helpdesk" / "static"
# a mail has no style sheet to link to, so its templates (folder mail) follow other rules
TEMPLATES = sorted(
    path for path in (ROOT / "helpdesk" / "templates").rglob("*.html") if "mail" not in path.parts
)
SCRIPTS = sorted((STATIC / "js").rglob("*.js"))
SHEETS = sorted((STATIC / "css").glob("*.css"))
OUR_FILES = [*TEMPLATES, *SCRIPTS, *SHEETS]
VENDOR = runpy.run_path(str(ROOT / "assets" / "vendor.py"))
PHONE = ("softphone.js", "webphone.js", "line.js", "microphone.js", "ringing.js", "window.js")
HARMLESS = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def packed(*paths: Path) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths)


def test_the_sprite_holds_every_icon_that_templates_name():
    sprite = next((STATIC / "vendor").glob("tabler-icons-*/icons.svg")).read_text("utf-8")
    held = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    assert set(VENDOR["icon_names"]()) == held
    for path in TEMPLATES:
        asked = set(re.findall(r"\bicon\('([a-z0-9-]+)'", path.read_text("utf-8")))
        assert asked <= held, f"{names(path)} asks for {asked - held}"


@pytest.mark.parametrize("path", OUR_FILES, ids=names)
def test_no_page_style_or_script_names_another_host(path):
    found = set(
        re.findall(r"(?:https?:)?//[a-z0-9-]+(?:\.[a-z0-9-]+)+[^\s\"'<)]*", path.read_text("utf-8"))
    )
    assert found <= HARMLESS


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_no_template_holds_inline_style_script_or_handler(path):
    text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    assert not re.search(r"<[^>]*\sstyle=", text), "style attribute"
    assert not re.search(r"<[^>]*\son[a-z]+=", text), "event handler attribute"
    assert not re.search(r"\bhx-on\b|hx-vals=.js:|javascript:", text), "evaluated attribute"
    assert "<style" not in text
    for opening in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in opening or 'type="application/json"' in opening, opening


@pytest.mark.parametrize("path", TEMPLATES, ids=names)
def test_every_form_that_posts_carries_the_csrf_token(path):
    for form in re.findall(
        r"<form\b[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), re.S | re.I
    ):
        assert re.search(r"csrf|hidden_tag|post_button", form), form[:120]


@pytest.mark.parametrize("path", OUR_FILES, ids=names)
def test_named_static_files_exist(path):
    for name in re.findall(r"filename='([^']+)'", path.read_text("utf-8")):
        assert (STATIC / name).is_file(), name


def test_the_style_sheet_stays_small_and_layered():
    text = (STATIC / "css" / "helpdesk.css").read_text("utf-8")
    assert len(text.splitlines()) <= 1000
    assert "@layer reset, tokens, base, layout, parts, print;" in text
    assert packed(*SHEETS) <= 100_000


def test_colours_are_named_only_as_tokens():
    text = (STATIC / "css" / "helpdesk.css").read_text("utf-8")
    parts = text[text.index("@layer base {") : text.index("@layer print {")]
    assert re.findall(r"#[0-9a-f]{3,8}\b|\brgba?\(", parts) == []


def test_the_scripts_of_an_agent_page_stay_within_seventy_kilobytes():
    later = (
        "chart.js",
        "counter.js",
        "frame.js",
        "fullscreen.js",
        "stored.js",
        "suggest.js",
        "unsend.js",
    )
    elsewhere = {"public.js", *later, *PHONE}  # loaded where they are used
    ours = [path for path in SCRIPTS if path.name not in elsewhere]
    rare = ("echarts", "jssip")
    theirs = [p for p in (STATIC / "vendor").rglob("*.js") if not p.name.startswith(rare)]
    assert packed(*ours, *theirs) <= 70_000


def test_a_telephone_in_the_browser_costs_sixty_five_kilobytes_and_only_its_window_loads_them():
    ours = [path for path in SCRIPTS if path.name in PHONE]
    theirs = list((STATIC / "vendor").rglob("jssip*.js"))
    assert len(ours) == len(PHONE) and len(theirs) == 1
    assert packed(*ours, *theirs) <= 65_000
    naming = [p.name for p in SCRIPTS if re.search(r"jssip|loadJsSip", p.read_text("utf-8"))]
    assert sorted(naming) == ["line.js", "vendor.js"]


@pytest.mark.parametrize("path", SCRIPTS, ids=names)
def test_scripts_hold_no_words_for_people(path):
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", path.read_text("utf-8"), flags=re.S | re.M)
    texts = re.findall(r"\"([^\"\n]*)\"|'([^'\n]*)'|`([^`]*)`", code)
    for text in ("".join(found) for found in texts):
        assert not re.search(r"[\u3000-\u9fff]", text), text
        assert not re.match(r"[A-Z][a-z]+ [a-z]+( |$)|[A-Z][a-z]+ [a-z]+[.!?]", text), text


@pytest.mark.parametrize("path", SCRIPTS, ids=names)
def test_scripts_evaluate_nothing_and_import_only_files_that_exist(path):
    code = path.read_text("utf-8")
    assert not re.search(r"\beval\(|new Function\(|\.setAttribute\(\"style\"", code)
    for name in re.findall(r"(?:from |import\()\"(\.[^\"]+)\"", code):
        assert (path.parent / name).resolve().is_file(), name


@pytest.mark.parametrize("path", [p for p in SCRIPTS if p.parent.name == "controllers"], ids=names)
def test_a_controller_fits_on_a_page_and_says_what_it_is_for(path):
    lines = path.read_text("utf-8").splitlines()
    assert len(lines) <= 120
    assert lines[0].startswith("// ")
