"""format=flowed: what a mail program broke into lines is one paragraph again (case 02)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask import Flask

from helpdesk import search
from helpdesk.channels.email.deciding.inbound import deliver
from helpdesk.channels.email.reading.parser import parse
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help.mails import case

FIRST = (
    "我们小区的电梯从上周三开始一直停运，物业说已经报修，但到今天仍然没有人来处理，老人上下楼非常不便，"
    "请贵单位尽快核实并要求物业退款或者给出书面答复。"
)


def text(body: str, kind: str = "format=flowed") -> str:
    head = f"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8; {kind}\r\n\r\n"
    return parse((head + body.replace("\n", "\r\n")).encode()).text


def found(words: str) -> list[int]:
    return list(db.session.scalars(search.matching(words, "ticket", db.engine.dialect.name)))


def test_case_02_a_paragraph_is_one_line_without_blanks_at_its_breaks(shared: Path) -> None:
    read = parse(case(shared, "02-flowed-delsp/input.eml"))
    assert read.text == f"{FIRST}\n\n联系人：王先生"


def test_case_02_a_search_for_words_that_were_cut_finds_the_case(app: Flask, shared: Path) -> None:
    row = deliver(case(shared, "02-flowed-delsp/input.eml"))
    assert found("退款") == found("不便") == [row.ticket_id]


def test_case_02_v1_in_english_the_blank_stays_and_the_stuffed_one_goes(shared: Path) -> None:
    read = parse(case(shared, "02-flowed-delsp/v1-flowed-english.eml"))
    assert read.text.split("\n") == [
        "The replacement router you sent last week drops the wifi connection every evening around nine,"
        " and only a restart brings it back for a couple of minutes.",
        "",
        "From what I can see the firmware is 2.1.",
        ">not a quote",
        "--",
        "Ann",
    ]
    assert "firmware is 2.1" in read.reply_text and "Ann" not in read.reply_text


def test_hard_wrapped_chinese_is_found_whatever_the_channel(app: Flask) -> None:
    ticket = make.ticket(channel="web", body="要求物业退\n款，给出书面答复。")
    other = make.ticket(channel="phone", body="要求退 款", subject="x")
    assert set(found("退款")) == {ticket.id, other.id}
    assert found("物业退款") == [ticket.id]


def test_quotes_flow_within_their_depth_and_keep_their_marks() -> None:
    assert text("> one \n> two\n>> three \n>>four\nown \nwords") == (
        "> one two\n>> three four\nown words"
    )


def test_the_mark_above_a_signature_never_flows() -> None:
    assert text("Thanks \n-- \nAnn") == "Thanks\n--\nAnn"


def test_delsp_counts_only_where_the_part_says_it() -> None:
    assert text("退 \n款", "format=Flowed; DelSp=YES") == "退款"
    assert text("退 \n款") == "退 款"
    assert text("退 \n款", "format=fixed; delsp=yes") == "退\n款"


@pytest.mark.parametrize("unit", ["a \n", "> \n", ">" * 50 + " \n", "-- \n", ">a \n>> b \n"])
def test_a_long_text_costs_no_more_than_its_length(unit: str) -> None:
    begin = time.perf_counter()
    text(unit * 30_000)
    assert time.perf_counter() - begin < 15
