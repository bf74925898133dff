"""What an administrator gives: telephones, and the tree of codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.calls import wrapping
from helpdesk.calls.models import PhoneLine, PhoneQueue
from helpdesk.calls.terms_models import WrapUpCode
from helpdesk.core.db import db
from tests.help import factories as make
from tests.help.lines import terms
from tests.help.page_forms import forms_of

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


def page(client: FlaskClient, path: str, **values: str) -> int:
    """Send the form of this page with these values; gives the status."""
    html = client.get(path).get_data(as_text=True)
    [form] = [
        each for each in forms_of(html) if "name_zh" in each.names or "threshold" in each.names
    ]
    sent = {name: value for name, value in form.pairs() if values.get(name) != "-"}
    return client.post(path, data=sent | {k: v for k, v in values.items() if v != "-"}).status_code


@pytest.fixture
def desk(client: FlaskClient, app: Flask) -> FlaskClient:
    return make.sign_in(client, make.agent("Chen Jie", "admin"))


def offered(queue: PhoneQueue) -> list[tuple[str, ...]]:
    db.session.expire_all()
    return [each.names for each in wrapping.choices(queue.id, "en")]


def test_an_administrator_adds_changes_and_takes_codes_out_of_use_on_pages(
    desk: FlaskClient,
) -> None:
    queue = terms()
    new = "/admin/phone/codes/new"
    assert page(desk, new, code="billing", name_zh="账务", name_en="Billing") == 303
    under = desk.get(f"{new}?under=billing").get_data(as_text=True)
    assert 'value="billing."' in under
    names = {"name_zh": "退款", "name_en": "Refund"}
    assert page(desk, new, code="billing.refund", next_step="call_back", days="3", **names) == 303
    assert offered(queue) == [("Billing", "Refund")]
    billing, refund = db.session.query(WrapUpCode).order_by(WrapUpCode.code)
    assert (refund.next_step, refund.days) == ("call_back", 3)
    assert page(desk, f"/admin/phone/codes/{refund.id}", name_en="Money back") == 303
    assert offered(queue) == [("Billing", "Money back")]
    assert page(desk, f"/admin/phone/codes/{billing.id}", active="-") == 303
    assert offered(queue) == []  # with all that lies under it
    listed = desk.get("/admin/phone/codes").get_data(as_text=True)
    assert "Money back" in listed and listed.count("not in use") == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"code": "Billing!"},
        {"code": "nowhere.refund"},
        {"code": "kept"},
        {"code": ""},
        {"name_en": ""},
        {"days": "366"},
        {"days": "soon"},
        {"category": "nonsense"},
    ],
)
def test_a_code_that_is_not_right_is_named_and_not_kept(
    app: Flask, desk: FlaskClient, tmp_path: Path, odd: dict[str, str]
) -> None:
    invoke(app, "codes", tree(tmp_path, "kept,旧,Kept,,,"))
    given = {"code": "fine", "name_zh": "好", "name_en": "Fine"} | odd
    assert page(desk, "/admin/phone/codes/new", **given) == 422
    assert db.session.query(WrapUpCode).count() == 1


def test_a_queue_is_given_its_part_of_the_tree_on_its_page(
    app: Flask, desk: FlaskClient, tmp_path: Path
) -> None:
    queue = terms()
    rows = ("billing,账务,Billing,,,", "billing.refund,退款,Refund,,,", "other,其他,Other,,,")
    invoke(app, "codes", tree(tmp_path, *rows))
    assert offered(queue) == [("Billing", "Refund"), ("Other",)]
    assert page(desk, f"/admin/phone/queues/{queue.id}", codes="billing") == 303
    assert offered(queue) == [("Billing", "Refund")]
    assert page(desk, f"/admin/phone/queues/{queue.id}", codes="nonsense") == 422
