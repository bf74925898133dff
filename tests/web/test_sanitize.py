"""HTML from outside is shown without its sting."""

import pytest
from markupsafe import Markup

from helpdesk.web.sanitize import (
    clean_article_html,
    clean_mail_html,
    markdown_to_html,
    text_to_html,
)
from tests.help.attacks import ATTACKS, stings


def test_there_are_at_least_eighty_attacks():
    assert len(set(ATTACKS)) >= 80


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives_in_a_mail(attack):
    assert stings(clean_mail_html(f"<p>before</p>{attack}<p>after</p>").html) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives_with_remote_images_shown(attack):
    assert stings(clean_mail_html(attack, {"a": "/files/1"}, show_remote=True).html) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives_in_an_article(attack):
    assert stings(clean_article_html(attack)) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_survives_in_markdown_or_plain_text(attack):
    assert stings(markdown_to_html(attack)) == []
    assert stings(text_to_html(attack)) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_cleaning_twice_changes_nothing_more(attack):
    once = clean_mail_html(attack).html
    assert clean_mail_html(once).html == once


def test_the_text_around_an_attack_is_kept():
    html = clean_mail_html("<p>before</p><script>alert(1)</script><p>after</p>").html
    assert "before" in html and "after" in html and "alert" not in html


def test_remote_images_are_left_out_and_counted():
    clean = clean_mail_html(
        '<img src="https://track.example/p.gif"><img src="HTTP://track.example/q.gif">'
        '<img src="//track.example/r.gif"><img src="cid:logo">',
        {"logo": "/files/7"},
    )
    assert clean.blocked_images == 3
    assert "track.example" not in clean.html
    assert 'src="/files/7"' in clean.html


def test_remote_images_are_shown_when_the_reader_asks_but_only_over_https():
    clean = clean_mail_html(
        '<img src="https://ok.example/a.png"><img src="http://plain.example/b.png">',
        show_remote=True,
    )
    assert 'src="https://ok.example/a.png"' in clean.html
    assert "plain.example" not in clean.html
    assert clean.blocked_images == 1


@pytest.mark.parametrize(
    "reference", ["cid:Logo%40mail", "CID:logo@mail", "cid:<logo@mail>", " cid:logo@mail "]
)
def test_an_inline_image_is_found_however_its_content_id_is_written(reference):
    clean = clean_mail_html(f'<img src="{reference}">', {"<logo@mail>": "/files/9"})
    assert 'src="/files/9"' in clean.html
    assert clean.blocked_images == 0


def test_an_unknown_content_id_shows_no_image_and_counts_as_none_blocked():
    clean = clean_mail_html('<img src="cid:nobody">')
    assert "src" not in clean.html and clean.blocked_images == 0


def test_relative_addresses_of_a_mail_are_dropped():
    html = clean_mail_html('<a href="/admin/delete">x</a><img src="/files/1"><a href="?a=1">y</a>')
    assert "href" not in html.html and "src" not in html.html


@pytest.mark.parametrize(
    "address", ["http://a.example/", "https://a.example/?q=1", "mailto:a@b.example", "tel:+86123"]
)
def test_links_that_lead_out_stay_and_open_apart(address):
    html = clean_mail_html(f'<a href="{address}">x</a>').html
    assert f'href="{address}"' in html
    assert 'rel="noopener noreferrer nofollow"' in html and 'target="_blank"' in html


def test_a_mail_keeps_its_tables_colours_and_lists():
    html = clean_mail_html(
        '<table border="1"><tr><td colspan="2" bgcolor="#eee">'
        '<span style="color: red; font-size: 12px">x</span></td></tr></table>'
        "<ol start='3'><li>y</li></ol>"
    ).html
    assert 'colspan="2"' in html and "color:red" in html and 'start="3"' in html


def test_a_colour_written_as_rgb_stays():
    assert "rgb(1, 2, 3)" in clean_mail_html('<p style="color: rgb(1, 2, 3)">x</p>').html


def test_the_title_of_the_page_is_not_shown_as_text():
    assert clean_mail_html("<head><title>Card</title></head><body>Hi</body>").html == "Hi"


def test_more_links_than_anybody_reads_lose_their_address():
    html = clean_mail_html('<a href="https://a.example/">x</a>' * 5_010).html
    assert html.count("href=") == 5_000


def test_a_huge_body_is_cut_rather_than_refused():
    assert len(clean_mail_html("a" * 3_000_000).html) == 2_000_000


def test_results_are_markup_that_templates_do_not_escape_again():
    assert isinstance(clean_mail_html("<b>x</b>").html, Markup)
    assert isinstance(markdown_to_html("x"), Markup)
    assert isinstance(text_to_html("x"), Markup)


def test_markdown_gives_headings_tables_lists_and_strikethrough():
    html = markdown_to_html("# Head\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- item\n\n~~old~~")
    for piece in ("<h1>Head</h1>", "<table>", "<td", "<li>item</li>", "<s>old</s>"):
        assert piece in html


def test_html_inside_markdown_is_shown_as_text():
    assert "&lt;b&gt;" in markdown_to_html("a <b>bold</b> word")


def test_an_article_shows_images_only_from_our_own_files():
    html = markdown_to_html(
        "![ours](/files/12/plan.png) ![theirs](https://x.example/y.png) ![up](/files/../users)"
        " ![other](/users/me)"
    )
    assert html.count("src=") == 1 and 'src="/files/12/plan.png"' in html


def test_an_article_may_link_to_our_pages_and_to_the_web():
    html = markdown_to_html("[a](/kb/3) [b](https://ok.example/) [c](#part) [d](//evil.example)")
    assert 'href="/kb/3"' in html and 'href="https://ok.example/"' in html
    assert 'href="#part"' in html and "evil" not in html


def test_plain_text_becomes_paragraphs_with_line_breaks():
    assert text_to_html("one\ntwo\r\n\r\nthree") == "<p>one<br>\ntwo</p>\n<p>three</p>"


def test_plain_text_is_escaped():
    assert text_to_html('<b> & "x"') == "<p>&lt;b&gt; &amp; &#34;x&#34;</p>"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("see https://a.example/x?y=1&z=2.", "https://a.example/x?y=1&amp;z=2"),
        ("(http://a.example/)", "http://a.example/"),
        ("请看https://a.example/帮助，谢谢", "https://a.example/"),
        ("<https://a.example>", "https://a.example"),
    ],
)
def test_addresses_in_plain_text_become_links_without_the_punctuation(text, address):
    html = text_to_html(text)
    assert f'<a href="{address}"' in html and f">{address}</a>" in html


def test_plain_text_links_nothing_but_the_web():
    assert "<a" not in text_to_html("javascript:alert(1) data:text/html,x https:// http://[")


def test_an_empty_text_gives_empty_markup():
    assert text_to_html(" \n\n \n") == ""


def test_a_mail_that_is_wrapped_in_a_form_keeps_its_words():
    html = clean_mail_html("<form action='/x'><p>My order</p><input name=a></form>").html
    assert html == "<p>My order</p>"
