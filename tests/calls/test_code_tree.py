"""What an administrator gives: telephones, and the tree of codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from helpdesk.calls import wrapping
from helpdesk.calls.models import PhoneLine, WrapUpCode
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help.lines import terms

HEAD = "code,name_zh,name_en,next_step,days,category\n"


def invoke(app: Flask, *arguments: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=("phone", *arguments))
    db.session.rollback()
    db.session.expire_all()
    return done.exit_code, done.output


def lines() -> dict[int, str]:
    return {row.agent_id: row.extension for row in db.session.query(PhoneLine)}


def test_an_agent_gets_a_telephone_another_one_and_none(app: Flask) -> None:
    zhang = make.agent("Zhang Wei")
    assert invoke(app, "line", zhang.email, "1001") == (0, f"{zhang.email}: 1001\n")
    assert lines() == {zhang.id: "1001"}
    invoke(app, "line", zhang.email, "1002")
    assert lines() == {zhang.id: "1002"}
    invoke(app, "line", zhang.email)
    assert lines() == {}


@pytest.mark.parametrize("odd", ["10 01", "1001;x", "1001\n", "分 机"])
def test_an_extension_that_is_none_or_anothers_is_refused(app: Flask, odd: str) -> None:
    zhang, li = make.agent("Zhang Wei"), make.agent("Li Na")
    invoke(app, "line", zhang.email, "1001")
    status, said = invoke(app, "line", li.email, "1001")
    assert status == 1 and "Somebody else has this extension." in said
    assert invoke(app, "line", li.email, odd)[0] == 1
    assert invoke(app, "line", "nobody@example.com", "1003")[0] == 1
    assert lines() == {zhang.id: "1001"}


def tree(folder: Path, *rows: str) -> str:
    file = folder / "tree.csv"
    file.write_text(HEAD + "\n".join(rows) + "\n", "utf8")
    return str(file)


def test_a_tree_of_codes_replaces_the_one_before_and_a_queue_uses_a_part(
    app: Flask, tmp_path: Path
) -> None:
    queue = terms()
    first = tree(
        tmp_path,
        "billing,账务,Billing,,,",
        "billing.refund,退款,Refund,follow_up,3,",
        "old,旧,Old,,,",
    )
    assert invoke(app, "codes", first) == (0, "3 codes.\n")
    assert invoke(app, "use-codes", "complaints", "billing")[0] == 0
    assert [each.names for each in wrapping.choices(queue.id, "en")] == [("Billing", "Refund")]
    invoke(
        app, "codes", tree(tmp_path, "billing,账务,Billing,,,", "billing.invoice,发票,Invoice,,,")
    )
    assert [each.names for each in wrapping.choices(queue.id, "zh_Hans")] == [("账务", "发票")]
    assert db.session.query(WrapUpCode).count() == 4  # what calls were written up by stays known


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("Billing!,账务,Billing,,,", "1.code"),
        ("billing,,Billing,,,", "1.name_zh"),
        ("billing,账务,Billing,dance,,", "1.next_step"),
        ("billing,账务,Billing,,-1,", "1.days"),
        ("billing.refund,退款,Refund,,,", "1.code"),
        (",账务,Billing,,,", "1.code"),
    ],
)
def test_a_tree_with_an_odd_row_is_refused_whole_and_the_row_is_named(
    app: Flask, tmp_path: Path, row: str, field: str
) -> None:
    invoke(app, "codes", tree(tmp_path, "kept,旧,Kept,,,"))
    status, said = invoke(app, "codes", tree(tmp_path, row, "fine,好,Fine,,,"))
    assert status == 1 and field in said
    assert [row.code for row in db.session.query(WrapUpCode).filter_by(active=True)] == ["kept"]


def test_a_queue_or_a_code_that_there_is_not_is_refused(app: Flask) -> None:
    terms()
    assert invoke(app, "use-codes", "complaints", "nothing")[0] == 1
    assert invoke(app, "use-codes", "nowhere")[0] == 1
