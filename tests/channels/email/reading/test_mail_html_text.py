"""The visible text of HTML bodies."""

import pytest

from helpdesk.channels.email.reading.html_text import html_to_text, new_html_to_text, tidy_lines


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b", "a\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<b>a</b>&nbsp;&amp;&nbsp;b", "a & b"),
        ("<style>p{}</style><script>x()</script><title>t</title>a", "a"),
        ("<!-- secret -->a", "a"),
        ("<ul><li>x</li><li>y</li></ul>", "  * x\n  * y"),
        ("<?xml version='1.0' encoding='gbk'?><p>路灯</p>", "路灯"),
        ("", ""),
        ("   ", ""),
        ("<", "<"),
        ("no tags", "no tags"),
    ],
)
def test_html_is_read_as_a_browser_shows_it(html, text):
    assert html_to_text(html) == text


def test_cells_of_a_table_stand_beside_each_other():
    assert html_to_text("<table><tr><td>a</td><td>b</td></tr></table>").split() == ["a", "b"]


def test_text_deeper_than_the_library_reads_is_not_lost():
    html = "<html><head><title>t</title></head>" + "<div>" * 400 + "a &amp; b<br>c" + "</div>" * 400
    assert html_to_text(html) == "a & b\nc"


def test_scripts_in_deep_html_are_not_shown():
    assert html_to_text("<script>x()</script>" + "<div>" * 400 + "a") == "a"


def test_answers_between_quotes_stay_when_the_program_wraps_everything():
    html = (
        '<div>Hi</div><div class="gmail_quote">On Mon, 1 Jan 2024 9:30 a@b wrote:'
        "<blockquote>q1</blockquote>a1<blockquote>q2</blockquote></div>a2"
    )
    assert "a1" in new_html_to_text(html) and "a2" in new_html_to_text(html)


def test_the_senders_own_blockquote_is_not_a_quote():
    assert "own" in new_html_to_text("<p>The sign says</p><blockquote>own words</blockquote>")


def test_a_quote_after_its_announcement_goes():
    html = "<p>Yes</p><div>On 1 Jan 2024 at 9:30 a@b wrote:</div><blockquote>old</blockquote>"
    assert "old" not in new_html_to_text(html)


def test_the_original_behind_the_outlook_mark_is_announced():
    text = new_html_to_text('<p>Yes</p><div id="divRplyFwdMsg">From: x</div><p>old</p>')
    assert text.startswith("Yes\n\n----- Original Message -----")


def test_lines_are_tidied():
    assert tidy_lines("\n\na \xa0\n\n\n\nb\n") == "a\n\nb"


def test_a_page_of_pictures_alone_says_its_title() -> None:
    head = "<html><head><title>Rechnung\n 4711</title></head>"
    assert html_to_text(head + "<body><img src=x><br></body>").split() == ["Rechnung", "4711"]
    assert html_to_text(head + "<body>Guten Tag</body>") == "Guten Tag"
    assert html_to_text("<body><img src=x></body>") == ""
