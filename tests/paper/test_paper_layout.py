"""Forms on pages: everything inside its cell, headers repeated, nothing lost, an end."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.paper import Block, Cell, Form, Row, Signatures, TableBlock
from helpdesk.paper.layout import MOST_PAGES, lay_out
from helpdesk.paper.marks import (
    BOTTOM,
    LEFT,
    PAGE_HEIGHT,
    RIGHT,
    TOP,
    Ring,
    Rule,
    Sheet,
    Squares,
    Words,
)
from helpdesk.paper.typeface import width
from tests.help.paper_samples import complaint_form, rectification_notice


def texts(page: Sheet) -> list[str]:
    return [mark.text for mark in page.marks if isinstance(mark, Words)]


def one_cell(value: str, **more: str) -> Form:
    return Form(
        "Form", number="N-1", blocks=[Block("Block", [Row([Cell("Field", value)])])], **more
    )


def body(pages: list[Sheet]) -> str:
    """The text between header and footer, in order."""
    return "".join(
        mark.text
        for page in pages
        for mark in page.marks
        if isinstance(mark, Words) and mark.points == 10.5
    )


def assert_inside(pages: list[Sheet]) -> None:
    for page in pages:
        for mark in page.marks:
            if isinstance(mark, Words):
                assert mark.x >= LEFT - 0.01
                assert mark.x + width(mark.text, mark.points) <= RIGHT + 0.01
                assert TOP <= mark.y <= PAGE_HEIGHT - 5
            elif isinstance(mark, Rule):
                assert LEFT - 0.01 <= mark.x <= mark.to_x <= RIGHT + 0.01
                assert TOP <= mark.y <= mark.to_y <= BOTTOM + 0.01


def crossings(page: Sheet) -> list[Words]:
    """Words that run across an upright rule of their own row."""
    uprights = [m for m in page.marks if isinstance(m, Rule) and m.x == m.to_x]
    return [
        word
        for word in page.marks
        if isinstance(word, Words)
        for rule in uprights
        if rule.y < word.y < rule.to_y
        and word.x < rule.x - 0.01 < word.x + width(word.text, word.points) - 0.02
    ]


@pytest.mark.parametrize("form", [complaint_form(), rectification_notice()])
def test_the_known_forms_keep_every_word_inside_its_cell(form: Form) -> None:
    pages = lay_out(form)
    assert_inside(pages)
    assert not any(crossings(page) for page in pages)


def test_the_complaint_form_fits_one_page_with_all_its_values() -> None:
    (page,) = lay_out(complaint_form())
    assert {"客户名称", "王芳", "编号 2026-000412", "第 1 页 共 1 页", "盖章处"} <= set(texts(page))


def test_a_form_in_both_languages_says_its_own_words_in_both() -> None:
    first, *_, last = lay_out(rectification_notice())
    assert "编号 No. 质整〔2026〕12号" in texts(first)
    assert "第 1 页 共 2 页 Page 1 of 2" in texts(first)
    assert {"盖章处", "Seal", "签字 Signature：赵敏"} <= set(texts(first))
    assert "问题整改通知单（续 continued）" in texts(last)


def test_an_english_form_says_its_own_words_in_english() -> None:
    form = Form(
        "Case", number="7", blocks=[Signatures("Sign", [("Head", "Ann", "Agreed", "1 May")])]
    )
    assert {"No. 7", "Page 1 of 1", "Seal", "Signature: Ann", "Date: 1 May"} <= set(
        texts(lay_out(form)[0])
    )


def test_a_value_of_twenty_thousand_characters_flows_over_pages_and_loses_none() -> None:
    value = "师傅上门三次仍未修好，" * 1819
    pages = lay_out(one_cell(value))
    assert 9 <= len(pages) <= 12
    assert body(pages) == value
    assert_inside(pages)


def test_every_further_page_repeats_title_number_and_field_name() -> None:
    pages = lay_out(one_cell("word " * 4000))
    for place, page in enumerate(pages, 1):
        assert "Field" in texts(page)
        assert f"Page {place} of {len(pages)}" in texts(page)
    for page in pages[1:]:
        assert {"Form (continued)", "No. N-1"} <= set(texts(page))


def test_a_row_grows_with_its_tallest_cell_and_the_next_begins_below() -> None:
    rows = [Row([Cell("a", "短"), Cell("b", "很长的内容" * 30)]), Row([Cell("c", "下一行")])]
    (page,) = lay_out(Form("F", blocks=[Block("B", rows, columns=2)]))
    words = {mark.text: mark for mark in page.marks if isinstance(mark, Words)}
    longest = max(
        mark.y for text, mark in words.items() if text.startswith("很长") or "内容" in text
    )
    assert words["c"].y > longest


def test_the_last_cell_takes_the_columns_left_and_too_many_are_narrowed() -> None:
    wide = Block("", [Row([Cell("a"), Cell("b")])], columns=4)
    (page,) = lay_out(Form("F", blocks=[wide]))
    uprights = {round(m.x) for m in page.marks if isinstance(m, Rule) and m.x == m.to_x}
    assert uprights == {15, 60, 195}
    many = Block("", [Row([Cell("a", "值", span=4), Cell("b", "值", span=4)])], columns=4)
    assert_inside(lay_out(Form("F", blocks=[many])))


def test_a_short_row_is_never_divided_between_pages() -> None:
    rows = [Row([Cell(f"f{n}", f"first {n}\nsecond {n}\nthird {n}")]) for n in range(60)]
    for page in lay_out(Form("F", blocks=[Block("B", rows)])):
        found = " ".join(texts(page))
        for n in re.findall(r"first (\d+)\b", found):
            assert f"third {n}" in found


def test_a_block_title_never_stands_alone_at_the_foot_of_a_page() -> None:
    for filler in range(1, 40):
        rows = [Row([Cell("x", "y")]) for _ in range(filler)]
        blocks = [Block("A", rows), Block("Title", [Row([Cell("f", "value")])])]
        for page in lay_out(Form("F", blocks=blocks)):
            assert ("Title" in texts(page)) == ("value" in texts(page))


def test_a_table_repeats_its_headers_on_every_page() -> None:
    rows = [[f"row {n}", "text " * 8] for n in range(150)]
    pages = lay_out(Form("F", blocks=[TableBlock("T", ["Name", "What"], rows, [1, 3])]))
    assert len(pages) > 2
    assert all({"Name", "What"} <= set(texts(page)) for page in pages)
    found = [text for page in pages for text in texts(page) if text.startswith("row ")]
    assert found == [row[0] for row in rows]


def test_a_table_with_very_uneven_widths_stays_inside_its_columns() -> None:
    headers = ["很长的表头" * 40] * 12
    table = TableBlock("T", headers, [["测试内容" * 20] * 12], [0.001] * 11 + [1000])
    pages = lay_out(Form("F", blocks=[table]))
    assert_inside(pages)
    assert not any(crossings(page) for page in pages)


def test_a_long_opinion_keeps_its_signature_line_at_its_end() -> None:
    place = ("Head", "Ann", "agreed " * 3000, "1 May")
    pages = lay_out(Form("F", blocks=[Signatures("Sign", [place])]))
    signed = [n for n, page in enumerate(pages) if "Signature: Ann" in texts(page)]
    assert signed == [len(pages) - 1]
    assert sum(isinstance(mark, Ring) for page in pages for mark in page.marks) == 1
    assert_inside(pages)


def test_words_never_run_under_a_seal() -> None:
    (page,) = lay_out(complaint_form())
    rings = [mark for mark in page.marks if isinstance(mark, Ring)]
    assert len(rings) == 2
    for ring in rings:
        for mark in page.marks:
            if isinstance(mark, Words) and abs(mark.y - ring.y) < ring.radius and mark.points > 7:
                end = mark.x + width(mark.text, mark.points)
                assert end < ring.x - ring.radius or mark.x > ring.x


def test_a_form_without_end_stops_at_the_last_page_with_a_note() -> None:
    pages = lay_out(one_cell("字\n" * 30_000))
    assert len(pages) == MOST_PAGES
    assert any("The whole text is kept" in text for text in texts(pages[-1]))
    assert not any("The whole text is kept" in text for text in texts(pages[-2]))
    assert_inside(pages[-1:])


def test_the_qr_stands_top_right_and_an_impossible_one_is_left_out() -> None:
    (page,) = lay_out(one_cell("x", qr_text="https://desk.example.org/t/1"))
    (code,) = [mark for mark in page.marks if isinstance(mark, Squares)]
    assert all(x >= 150 and y <= 35 and x + w <= RIGHT + 0.01 for x, y, w, _ in code.parts)
    for text in ("", "x" * 5000):
        (page,) = lay_out(one_cell("x", qr_text=text))
        assert not any(isinstance(mark, Squares) for mark in page.marks)


def test_long_titles_numbers_and_footers_stay_on_the_page() -> None:
    long = "很长的标题 and a long title " * 30
    form = Form(
        long, long, long, "", [Block(long, [Row([Cell(long, "x" * 30_000)])])], long, "both"
    )
    pages = lay_out(form)
    assert len(pages) > 2
    assert_inside(pages)


def test_a_form_without_blocks_is_a_page_with_its_title() -> None:
    (page,) = lay_out(Form("Only a title"))
    assert texts(page)[0] == "Only a title"


def test_lines_of_a_cell_stand_below_one_another_without_overlap() -> None:
    (page,) = lay_out(one_cell("行" * 300))
    ys = [mark.y for mark in page.marks if isinstance(mark, Words) and mark.points == 10.5]
    assert all(later - earlier > 3.7 for earlier, later in pairwise(ys))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cell("a", span=0),
        lambda: Cell("a", tall=21),
        lambda: Row([]),
        lambda: Block("b", [], columns=13),
        lambda: TableBlock("t", [], [], []),
        lambda: TableBlock("t", ["a"], [], [0]),
        lambda: TableBlock("t", ["a", "b"], [["one"]], [1, 1]),
        lambda: Form("f", language="fr"),
    ],
)
def test_a_form_that_cannot_be_drawn_is_refused_when_it_is_made(make) -> None:
    with pytest.raises(ValueError, match="."):
        make()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(max_size=40), st.text(max_size=900), st.integers(1, 5), st.integers(1, 20)
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 12),
)
def test_whatever_the_cells_hold_nothing_leaves_the_page(
    cells: list[tuple[str, str, int, int]], columns: int
) -> None:
    made = [Cell(label, value, span, tall) for label, value, span, tall in cells]
    blocks = [Block("B", [Row(made), *(Row([cell]) for cell in made)], columns)]
    pages = lay_out(Form("F", blocks=blocks))
    assert_inside(pages)
    assert not any(crossings(page) for page in pages)
