"""Lines of text: Han between any two characters, Latin between words, kinsoku kept."""

import re
import time
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.paper.line_breaks import NEVER_FIRST, lines
from helpdesk.paper.typeface import MISSING, advances, one_line, parts, printable, width

CJK_CLOSERS = "，。；：？！）」』】》、"
CJK_OPENERS = "（「『【《"


def broken(text: str, room: float = 40.0, points: float = 10.5) -> list[str]:
    return list(lines(text, points, room))


def test_han_text_wraps_at_any_character_and_loses_none() -> None:
    text = "师傅上门三次仍未修好" * 12
    found = broken(text)
    assert len(found) > 5
    assert "".join(found) == text
    assert all(width(line, 10.5) <= 40 for line in found)


def test_no_line_starts_with_a_closing_sign_or_ends_with_an_opening_one() -> None:
    text = "（一）冰箱不制冷，已修三次；《保修手册》写明：“免费”！何时解决？「请答复」。" * 6
    for room in range(15, 80):
        for line in broken(text, room):
            assert line[0] not in CJK_CLOSERS
            assert line[-1] not in CJK_OPENERS


def test_latin_words_stay_whole_and_a_too_long_word_is_cut() -> None:
    text = "the compressor was replaced twice"
    assert broken(text, 31) == ["the compressor", "was replaced", "twice"]
    found = broken("a" * 100, 30)
    assert "".join(found) == "a" * 100
    assert all(width(line, 10.5) <= 30 for line in found)


def test_an_apostrophe_does_not_open_a_break_inside_a_word() -> None:
    for room in range(14, 40):
        assert not any(line.startswith(("t ", "’")) for line in broken("don’t don’t don’t", room))


def test_spaces_vanish_at_a_break_and_stay_at_the_start_of_a_paragraph() -> None:
    assert broken("one two", width("one ", 10.5)) == ["one", "two"]
    assert broken("　　冰箱不制冷")[0].startswith("　　")


def test_line_ends_of_every_system_begin_a_new_line() -> None:
    assert broken("a\r\nb\rc\nd\u2028e\n\n") == ["a", "b", "c", "d", "e"]
    assert broken("a\n\nb") == ["a", "", "b"]
    assert broken("") == []


def test_a_column_narrower_than_a_character_still_ends() -> None:
    assert broken("冰箱", 0.1) == ["冰", "箱"]


def test_a_wall_of_closing_signs_is_cut_and_kept_within_the_line() -> None:
    found = broken("好" + "！" * 500)
    assert "".join(found).count("！") == 500
    assert all(width(line, 10.5) <= 40 for line in found)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120), st.floats(8, 180))
def test_no_line_is_wider_than_its_room_whatever_the_text(text: str, room: float) -> None:
    for line in broken(text, room):
        assert width(line, 10.5) <= room + 1e-6
        assert set(line) <= advances().keys()


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="冰箱不制冷，。！（《ab c", max_size=80), st.floats(20, 90))
def test_kinsoku_holds_unless_a_run_of_signs_fills_the_line(text: str, room: float) -> None:
    found = broken(re.sub(" +", " ", text), room)
    for before, line in pairwise(found):
        if line[0] in NEVER_FIRST:
            # Only where the run before it left no room for a character to carry the sign.
            assert width(f"{before} {line[0]}", 10.5) > room


def test_a_space_before_a_full_width_sign_is_no_place_for_a_break() -> None:
    for room in range(15, 60):
        assert not any(line[0] in "，。" for line in broken("不制冷 ，已修三次 。" * 5, room))


def test_controls_emoji_and_lone_surrogates_become_one_visible_box_each() -> None:
    assert printable("a\x00b\x1bc\u202ed") == f"a{MISSING}b{MISSING}c{MISSING}d"
    assert printable("好👍🏽！") == f"好{MISSING}！"
    assert printable("\ud800x") == f"{MISSING}x"
    assert printable("❤\ufe0f") in ("❤", MISSING)
    assert MISSING in advances()


def test_decomposed_letters_are_composed_and_tabs_become_spaces() -> None:
    assert printable("Cafe\u0301\tZu\u0308rich") == "Café    Zürich"


def test_rare_name_characters_and_the_whole_of_gbk_can_be_drawn() -> None:
    assert printable("䶮㛃𫖯 王䶮 李㻬") == "䶮㛃𫖯 王䶮 李㻬"
    gbk = bytes(byte for lead in range(0xB0, 0xF7) for byte in (lead, 0xC4)).decode("gbk")
    assert printable(gbk) == gbk


def test_a_million_combining_marks_cost_no_quadratic_time() -> None:
    text = "e" + "\u0301\u0316" * 200_000
    began = time.monotonic()
    printable(text)
    assert time.monotonic() - began < 5


def test_quotation_marks_are_narrow_beside_latin_and_wide_beside_han() -> None:
    assert list(parts("don’t “go”")) == [
        ("don", False),
        ("’", True),
        ("t ", False),
        ("“", True),
        ("go", False),
        ("”", True),
    ]
    assert list(parts("说“好”，‘行’")) == [("说“好”，‘行’", False)]
    assert width("“go”", 10) < width("“好”", 10) < width("“好好好”", 10)


def test_one_line_ends_with_an_ellipsis_only_where_it_was_cut() -> None:
    assert one_line("短\n文", 9, 50) == "短 文"
    cut = one_line("很长的一段文字" * 20, 9, 50)
    assert cut.endswith("…")
    assert width(cut, 9) <= 50
