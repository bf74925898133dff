"""The tables of the set-up pages as they come in: nothing lost, nothing forged."""

from __future__ import annotations

from helpdesk.promises.policy import Terms
from helpdesk.setup.promises import drafts

PLAIN = Terms("resolve", "5 wd", "department", "standard", severity="S3")
MEDIA = Terms("resolve", "12 h", "department", "critical", channel="media")
NONE = Terms("sign", "", "department", "signing", kind="praise", category_id=4)


def test_an_edition_goes_through_the_form_unchanged() -> None:
    draft = drafts.of_form(drafts.of_lines([PLAIN, MEDIA, NONE]).fields)
    assert set(drafts.lines_of(draft).values()) == {PLAIN, MEDIA, NONE}


def test_there_is_always_an_empty_special_row_to_fill_in() -> None:
    assert drafts.of_lines([PLAIN]).special == 1
    assert drafts.of_lines([PLAIN, MEDIA, NONE]).special == 3


def test_an_empty_field_of_the_grid_makes_no_row() -> None:
    draft = drafts.of_form({"resolve-S3-limit": " ", "resolve-owner": "department"})
    assert drafts.lines_of(draft) == {}


def test_a_special_row_without_a_limit_takes_the_promise_away() -> None:
    draft = drafts.of_form({"special-0-promise": "sign", "special-0-kind": "praise"})
    (line,) = drafts.lines_of(draft).values()
    assert (line.promise, line.kind, line.limit) == ("sign", "praise", "")


def test_a_row_that_is_ticked_for_removal_goes() -> None:
    sent = {"special-0-promise": "sign", "special-0-kind": "praise", "special-0-remove": "y"}
    assert drafts.lines_of(drafts.of_form(sent)) == {}


def test_each_row_is_known_by_the_field_where_its_error_is_shown() -> None:
    draft = drafts.of_lines([PLAIN, MEDIA])
    assert set(drafts.lines_of(draft)) == {"resolve-S3-limit", "special-0"}


def test_unknown_fields_and_far_rows_are_passed_over() -> None:
    sent = {
        "moon-S3-limit": "1 h",
        "resolve-S9-limit": "1 h",
        "special-9999-promise": "resolve",
        "special-x-promise": "resolve",
        "special--1-promise": "resolve",
    }
    draft = drafts.of_form(sent)
    assert draft.special == 0 and drafts.lines_of(draft) == {}


def test_a_category_that_is_no_number_means_any() -> None:
    sent = {"special-0-promise": "resolve", "special-0-category_id": "x; drop table"}
    (line,) = drafts.lines_of(drafts.of_form(sent)).values()
    assert line.category_id is None


def test_steps_without_share_and_people_are_left_out() -> None:
    steps = drafts.steps_of_form(["50", "", " 100 "], {0: ["owner"], 2: ["manager", "supervisor"]})
    assert [(step.at, step.tell) for step in steps] == [
        ("50", ("owner",)),
        ("100", ("manager", "supervisor")),
    ]


def test_a_step_with_people_but_no_share_stays_to_be_refused() -> None:
    (step,) = drafts.steps_of_form([""], {0: ["owner"]})
    assert [level.at for level in drafts.levels_of([step])] == [0]


def test_a_share_that_is_no_number_becomes_zero_which_no_chain_takes() -> None:
    steps = [drafts.StepText(text, ("owner",)) for text in ("fifty", "-5", "1e3", "9" * 20, "５０")]
    levels = [level.at for level in drafts.levels_of(steps)]
    assert levels[:4] == [0, 0, 0, 0]
