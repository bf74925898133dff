"""What the pages do in a real browser: keys, drafts, menus, dialogs, files, charts, under the strict policy."""

import json

import pytest

from tests.help.live import beside_the_socket

pytestmark = pytest.mark.browser

BLOCK = "{% block main %}"
LINKS = '<ol data-list><li><a id="a" href="#a">A</a></li><li><a id="b" href="#b">B</a></li></ol>'
FOCUSED = "document.activeElement.id || document.activeElement.name"


def desk(main=""):
    return '{% extends "desk.html" %}' + BLOCK + main + "{% endblock %}"


def public(main):
    return '{% extends "public.html" %}' + BLOCK + main + "{% endblock %}"


def test_a_desk_page_breaks_no_policy_and_raises_no_error(open_page):
    page = open_page(desk())
    page.wait_for_timeout(300)
    assert beside_the_socket(page) == []


def test_letters_use_the_buttons_that_name_them_but_not_while_typing(open_page):
    page = open_page(desk('<a href="#reply" data-key="r">r</a><textarea id="t"></textarea>'))
    page.locator("#t").fill("")
    page.locator("#t").press_sequentially("r")
    assert page.url.endswith("/")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.wait_for_url("**#reply")


def test_letters_stay_silent_while_chinese_is_composed(open_page):
    page = open_page(desk('<a href="#reply" data-key="r">r</a>'))
    for composing in ({"isComposing": True}, {"keyCode": 229}):
        page.evaluate(
            "init => document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'r', bubbles: true, ...init}))",
            composing,
        )
    assert page.url.endswith("/")


def test_j_and_k_walk_through_the_list_and_the_slash_finds_the_search(open_page):
    page = open_page(desk(LINKS))
    visited = []
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
        visited.append(page.evaluate(FOCUSED))
    assert visited == ["a", "b", "b", "a"]
    page.keyboard.press("/")
    assert page.evaluate(FOCUSED) == "q"


def test_the_question_mark_opens_the_sheet_of_keys_and_escape_closes_it(open_page):
    page = open_page(desk())
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_a_letter_inside_an_open_dialog_does_not_reach_the_page_behind(open_page):
    page = open_page(desk('<a href="#reply" data-key="r">r</a>'))
    page.keyboard.press("?")
    page.keyboard.press("r")
    assert page.url.endswith("/")


DRAFT = """<form method="post" action="/nowhere" data-controller="draft" data-draft-key-value="7">
<textarea name="body"></textarea><input name="place" value="Canton"><select name="kind"><option>a</option>
<option>b</option></select><span data-draft-target="status"></span><button>Send</button></form>"""


def test_a_draft_survives_leaving_the_page_with_its_choices(open_page):
    page = open_page(desk(DRAFT))
    page.locator("textarea").fill("We are sorry")
    page.locator("select").select_option("b")
    page.get_by_text("Draft saved").wait_for()
    page.reload()
    assert page.locator("textarea").input_value() == "We are sorry"
    assert page.locator("select").input_value() == "b"
    assert page.get_by_text("Your draft is back").is_visible()


def test_what_somebody_else_has_changed_since_is_shown_beside_the_draft(open_page):
    page = open_page(desk(DRAFT))
    page.locator("[name=place]").fill("Shenzhen")
    page.get_by_text("Draft saved").wait_for()
    page.answers["/"] = page.answers["/"].replace('value="Canton"', 'value="Macau"')
    page.reload()
    assert page.locator("[name=place]").input_value() == "Macau"
    page.get_by_text("You had typed: “Shenzhen”").wait_for()
    page.get_by_role("button", name="Use it").click()
    assert page.locator("[name=place]").input_value() == "Shenzhen"


@pytest.mark.parametrize("is_taken", [False, True])
def test_a_sent_draft_is_dropped_only_when_the_server_has_taken_it(open_page, is_taken):
    page = open_page(desk(DRAFT))
    page.locator("textarea").fill("We are sorry")
    page.answers["/nowhere"] = "<p>x</p>"
    with page.expect_request("**/nowhere") as sent:
        page.get_by_role("button", name="Send").click()
    page.wait_for_url("**/nowhere")
    draft = sent.value.post_data.split("draft_id=")[1]
    if is_taken:
        page.context.add_cookies([{"name": "helpdesk_taken", "value": draft, "url": page.url}])
    page.goto("/")
    page.wait_for_timeout(200)
    assert page.locator("textarea").input_value() == ("" if is_taken else "We are sorry")


def test_every_form_with_room_for_words_keeps_a_draft(open_page):
    form = '<form method="post" action="/a"><textarea name="answer"></textarea><button>Go</button></form>'
    page = open_page(public(form))
    page.locator("textarea").fill("The pump was replaced")
    page.reload()  # at once: what was typed within the pause counts too
    assert page.locator("textarea").input_value() == "The pump was replaced"


def test_a_form_that_asks_first_is_sent_only_after_yes(open_page):
    asks = 'data-controller="confirm" data-confirm-text-value="Really?"'
    form = f'<form method="post" action="/gone" {asks}><button>Go</button></form>'
    page = open_page(desk(form), {"/gone": "<p>gone</p>"})
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_text("Really?").wait_for()
    page.get_by_role("button", name="No, go back").click()
    assert page.url.endswith("/")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_role("button", name="Yes").click()
    page.wait_for_url("**/gone**")


def test_a_menu_closes_on_escape_and_on_a_click_elsewhere(open_page):
    menu = '{% from "components/controls.html" import menu %}{% call menu("More") %}<a href="#x">Merge</a>{% endcall %}'
    page = open_page(desk(menu))
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.mouse.click(600, 600)):
        page.get_by_text("More").click()
        assert page.get_by_text("Merge").is_visible()
        leave()
        assert not page.get_by_text("Merge").is_visible()


SUGGEST = """<form><div data-controller="suggest" data-suggest-url-value="/find" data-action="keydown->suggest#move">
<input id="who" data-suggest-target="input" data-action="input->suggest#type compositionend->suggest#type">
<input type="text" name="phone">
<div class="suggestions" data-suggest-target="list" data-action="click->suggest#choose"></div>
</div></form>"""


def test_suggestions_come_while_one_types_and_fill_the_form(open_page):
    entry = """<button type="button" data-fill='{"phone": "139"}'>WANG Fang</button>"""
    page = open_page(public(SUGGEST), {"/find": entry})
    page.locator("#who").press_sequentially("wang")
    page.get_by_text("WANG Fang").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("[name=phone]").input_value() == "139"
    assert page.get_by_text("WANG Fang").count() == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(open_page):
    part = """<form><div data-controller="files" data-files-most-value="1000" 
    data-files-refusal-value="{name} is over {most}">
    <input type="file" multiple data-files-target="input" data-action="files#show">
    <ul class="files" data-files-target="list"></ul></div></form>"""
    page = open_page(public(part))
    small = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a" * 500}
    large = {"name": "b.txt", "mimeType": "text/plain", "buffer": b"b" * 5000}
    page.locator("input[type=file]").set_input_files([small, large])
    assert page.locator(".files li").all_inner_texts() == ["a.txt · 0.5 kB", "b.txt is over 1 kB"]
    assert page.evaluate("document.querySelector('input[type=file]').checkValidity()") is False


def test_a_clock_counts_working_time_only_until_it_stops_for_the_day(open_page):
    clocks = """{% from "components/marks.html" import clock %}
    {{ clock("2026-01-01T00:00:00Z", "by Mon 11:00", "running", rest=3700, until="2020-01-01T00:00:00Z", left="x") }}
    {{ clock("2026-01-01T00:00:00Z", "by 9:00", "risk", rest=7200, until="2020-01-01T00:00:00Z", left="x") }}
    {{ clock("2026-01-01T00:00:00Z", "was kept", "met") }}{{ clock("2000-01-01T00:00:00Z", "x", "breached") }}"""
    page = open_page(desk(clocks))
    page.wait_for_timeout(1300)
    words = page.locator(".clock").all_inner_texts()
    first = ["by Mon 11:00, 1 h 1 min of working time left", "by 9:00, 2 working hours left"]
    assert words[:3] == [*first, "was kept"]
    assert words[3].endswith("late")


def test_a_chart_is_drawn_under_the_strict_policy_and_leads_to_its_list(open_page):
    option = {
        "tooltip": {},
        "xAxis": {"type": "category", "data": ["Mon", "Tue"]},
        "yAxis": {},
        "series": [{"type": "bar", "data": [{"value": 3, "url": "/mon"}, 5]}],
    }
    chart = (
        '<figure class="chart" data-controller="chart"><script type="application/json">'
        + json.dumps(option)
        + '</script><div class="chart-place" data-chart-target="place"></div></figure>'
    )
    page = open_page(desk(chart))
    page.locator(".chart svg path").first.wait_for(state="attached")
    assert "Mon" in page.locator(".chart svg").text_content()
    assert beside_the_socket(page) == []


WORN = """name => {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}"""


def test_the_dark_is_that_of_the_system_or_of_the_reader_and_a_print_is_on_white_paper(open_page):
    page = open_page(desk("<p>Words</p>"))
    light, dark = "rgb(11, 93, 90)", "rgb(114, 200, 191)"
    for system, chosen, accent in [
        ("light", "", light),
        ("dark", "", dark),
        ("light", "dark", dark),
        ("dark", "light", light),
    ]:
        page.emulate_media(color_scheme=system, media="screen")
        page.evaluate("theme => document.documentElement.dataset.theme = theme", chosen)
        assert page.evaluate(WORN, "accent") == accent, (system, chosen)
        page.emulate_media(color_scheme=system, media="print")
        assert page.evaluate(WORN, "accent") == light, (system, chosen)


@pytest.mark.parametrize(
    ("system", "accent"), [("light", "rgb(11,93,90)"), ("dark", "rgb(114,200,191)")]
)
def test_a_chart_wears_the_colours_of_its_theme(open_page, system, accent):
    option = {
        "xAxis": {"type": "category", "data": ["Mon"]},
        "yAxis": {},
        "series": [{"type": "bar", "data": [3], "itemStyle": {"color": "--accent"}}],
    }
    page = open_page(
        desk(
            '<figure class="chart" data-controller="chart"><script type="application/json">'
            + json.dumps(option)
            + '</script><div class="chart-place" data-chart-target="place"></div></figure>'
        )
    )
    page.locator(".chart svg path").first.wait_for(state="attached")
    page.emulate_media(color_scheme=system)
    page.evaluate("document.dispatchEvent(new Event('theme:change'))")
    page.locator(".chart svg path").first.wait_for(state="attached")
    drawn = page.locator(".chart svg").inner_html().replace(" ", "")
    assert accent in drawn


def test_arrows_and_escape_in_a_text_beside_suggestions_belong_to_the_text(open_page):
    """The caret walks through the lines, and after Escape the keys of the desk answer."""
    page = open_page(desk(SUGGEST.replace('id="who"', 'id="who" aria-label="who"')))
    page.evaluate(
        "document.querySelector('[data-controller=suggest]').insertAdjacentHTML("
        "'beforeend', '<textarea id=words>one\\ntwo</textarea>')"
    )
    page.focus("#words")
    page.evaluate("document.activeElement.setSelectionRange(0, 0)")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "words"
    assert page.evaluate("document.activeElement.selectionStart") == 4
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_look_is_changed_at_once_and_remembered_for_the_server(open_page):
    source = '{% extends "desk.html" %}'
    user = type("Agent", (), {"is_authenticated": True, "name": "Zhang Wei", "id": 7})()
    page = open_page(source, current_user=user)
    page.locator(".account summary").click()
    page.get_by_text("Dark").click()
    page.get_by_text("Compact rows").click()
    assert page.evaluate("({...document.documentElement.dataset})") == {
        "theme": "dark",
        "density": "compact",
    }
    assert {c["name"]: c["value"] for c in page.context.cookies()} == {
        "theme": "dark",
        "density": "compact",
    }


def test_panes_are_resized_by_keys_and_stay_so(open_page):
    panes = """<div class="panes panes-two" data-controller="panes">
    <section class="pane pane-case"></section>
    <div class="handle" id="h" role="separator"
    tabindex="0" data-panes-target="handle" data-pane="side"></div>
    <aside class="pane pane-side"></aside></div>"""
    page = open_page(desk(panes))
    page.locator("#h").focus()
    before = page.locator(".pane-side").bounding_box()["width"]
    page.keyboard.press("ArrowLeft")
    after = page.locator(".pane-side").bounding_box()["width"]
    assert after == before + 16
    page.reload()
    assert page.locator(".pane-side").bounding_box()["width"] == after
