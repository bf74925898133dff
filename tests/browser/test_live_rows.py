"""A list that changes under a reader's eyes: rows come, change, move and go without disturbing anybody."""

import pytest
from markupsafe import Markup

pytestmark = pytest.mark.browser

LIST = """{% extends "desk.html" %}{% from "components/row.html" import live_list %}{% block main %}
{% call live_list("queue:all", "/list", "Queue") %}{{ rows }}{% endcall %}{% endblock %}"""
APPLY = "([name, change]) => import(name).then(m => m.applyRow(document.getElementById('rows'), change))"
IDS = "[...document.querySelectorAll('#rows > li')].map(row => row.id)"


def row(number, sort, words="", field=""):
    link = f'<a class="row-title" href="#{number}">{words or number}</a>'
    return f'<li class="row" id="ticket-{number}" data-sort="{sort}">{link}{field}</li>'


@pytest.fixture
def queue(app, open_page):
    """A page with rows A, B and C, sorted 1, 2, 3; `apply(ticket, html)` is a push for it."""
    rows = Markup(row("A", 1) + row("B", 2, field='<input name="note">') + row("C", 3))
    page = open_page(
        LIST, {"/list": "<ol id='rows'>" + row("A", 1) + row("D", 9) + "</ol>"}, rows=rows
    )
    script = f"/static/{app.extensions['helpdesk_release']}/js/rows.js"
    page.apply = lambda ticket, html: page.evaluate(
        APPLY, [script, {"ticket": ticket, "html": html}]
    )
    return page


def test_a_new_row_comes_where_its_sort_key_puts_it_and_is_marked_new(queue):
    queue.apply("N", row("N", 1.5))
    assert queue.evaluate(IDS) == ["ticket-A", "ticket-N", "ticket-B", "ticket-C"]
    assert "is-new" in queue.locator("#ticket-N").get_attribute("class")


def test_a_changed_row_is_changed_in_place_and_moves_to_its_new_place(queue):
    queue.apply("C", row("C", 0, "now urgent"))
    assert queue.evaluate(IDS) == ["ticket-C", "ticket-A", "ticket-B"]
    assert queue.locator("#ticket-C a").inner_text() == "now urgent"


def test_half_typed_text_and_the_focus_survive_a_change_of_their_row(queue):
    queue.locator("[name=note]").fill("half a sen")
    queue.locator("[name=note]").focus()
    queue.apply("B", row("B", 9, "other words", '<input name="note" value="">'))
    assert queue.locator("[name=note]").input_value() == "half a sen"
    assert queue.evaluate("document.activeElement.name") == "note"
    assert queue.locator("#ticket-B a").inner_text() == "other words"


def test_a_row_under_the_pointer_does_not_move_but_is_marked_changed(queue):
    queue.locator("#ticket-A").hover()
    queue.apply("A", row("A", 9))
    assert queue.evaluate(IDS)[0] == "ticket-A"
    assert "is-changed" in queue.locator("#ticket-A").get_attribute("class")


def test_a_row_that_left_the_list_goes_once_the_pointer_leaves_it(queue):
    queue.locator("#ticket-B").hover()
    queue.apply("B", "")
    queue.apply("C", "")
    assert queue.evaluate(IDS) == ["ticket-A", "ticket-B"]
    queue.mouse.move(2, 2)
    queue.locator("#ticket-B").wait_for(state="detached")


def test_a_row_of_another_list_is_not_taken_out_of_this_one_by_mistake(queue):
    queue.apply("unknown", "")
    assert queue.evaluate(IDS) == ["ticket-A", "ticket-B", "ticket-C"]


def test_without_a_socket_the_list_is_fetched_again_when_the_reader_returns(queue):
    queue.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    queue.locator("#ticket-D").wait_for()
    assert queue.evaluate(IDS) == ["ticket-A", "ticket-D"]
    assert "is-new" in queue.locator("#ticket-D").get_attribute("class")


def test_a_script_inside_a_pushed_row_never_runs(queue):
    queue.apply(
        "X", row("X", 1, "<img src=x onerror='document.title=1'><script>document.title=1</script>")
    )
    queue.wait_for_timeout(200)
    assert queue.title() != "1"
