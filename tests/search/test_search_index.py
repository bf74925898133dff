"""What the index finds, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection, event, inspect, literal, select, text
from sqlalchemy.orm import Session

from helpdesk import search

Find = Callable[..., list[int]]

pytestmark = pytest.mark.own_database

INJECTIONS = [
    "' OR 1=1", "'; DROP TABLE search_ticket; --", '"', "NEAR(", "NEAR(a b, 2)", "*", "NOT",
    "a NOT b", "AND", "OR", "body:退款", "{heading body}", "^a", "-a", "a:*", "<->", "!a",
    "a & | b", "\\", "'a'\\''", "%", "_", "\0a", "a\x1ab", ")(", '"a', 'a" "b', "$1", ":x",
    "%(x)s", "?", "\ud800",
]  # fmt: skip
TEXTS = {
    1: ["投诉：我要退款", "昨天购买的海尔冰箱不制冷，客服一直没有回复。"],
    2: ["Cards were charged twice", "The bank is refunding the customer, said Müller."],
    3: [
        "订单２０２６－０００４１２",
        "iPhone屏幕碎了， zhang.san@example.com 或 138-1234-5678。",
    ],
    4: ["Order 2026-000413 delayed", "Please call (010) 6552-1234 about the refrigerators."],
}


@pytest.fixture
def filled(connection: Connection) -> None:
    search.put_many(connection, "ticket", TEXTS.items())


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("退款", [1]),
        ("冰箱", [1]),
        ("海尔冰箱", [1]),
        ("不制冷", [1]),
        ("冰", [1]),
        ("款", [1]),
        ("箱", [1]),
        ("复", [1]),
        ("款冰", []),
        ("冰箱 退款", [1]),
        ("冰箱 屏幕", []),
        ("冰箱制冷", []),
        ("投訴", [1]),
        ("購買", [1]),
        ("回覆", [1]),
        ("card", [2]),
        ("CARDS", [2]),
        ("charging", [2]),
        ("refund", [2]),
        ("Refunds", [2]),
        ("muller", [2]),
        ("MÜLLER", [2]),
        ("refrigerator", [4]),
        ("bank refund", [2]),
        ("bank refrigerator", []),
        ('"refunding the customer"', [2]),
        ('"customer refunding"', []),
        ("“charged twice”", [2]),
        ("iPhone屏幕", [3]),
        ("iphone", [3]),
        ("ＩＰＨＯＮＥ", [3]),
        ('"iPhone屏幕"', [3]),
        ("2026-000412", [3]),
        ("２０２６－０００４１２", [3]),
        ("2026", [3, 4]),
        ("000413", [4]),
        ("2026 000413", [4]),
        ("zhang.san@example.com", [3]),
        ("ZHANG.SAN", [3]),
        ("13812345678", [3]),
        ("+86 138 1234 5678", [3]),
        ("01065521234", [4]),
        ("010/65521234", [4]),
        ("refu", []),
        ("", []),
        ("，。", []),
    ],
)
def test_search_finds_chinese_and_english_words(
    find: Find, query: str, expected: list[int]
) -> None:
    """Pairs of characters, any case or stem, width, traditional forms, numbers."""
    assert find(query) == expected


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refu", [2]),
        ("refundi", [2]),
        ("card twi", [2]),
        ("twi card", []),
        ("2026-0004", [3, 4]),
        ("2026-00041", [3, 4]),
        ("1381234", [3]),
        ("zhang.san@exa", [3]),
        ("海尔冰", [1]),
        ("iPh", [3]),
    ],
)
def test_while_typing_the_last_word_may_be_unfinished(
    find: Find, query: str, expected: list[int]
) -> None:
    assert find(query, prefix=True) == expected


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("prefix", [False, True])
@pytest.mark.parametrize("query", INJECTIONS)
def test_a_query_is_never_taken_for_a_language(find: Find, query: str, prefix: bool) -> None:
    assert len(find(query, prefix=prefix)) < len(TEXTS)
    assert find("退款") == [1]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("query", ["退款" * 5000, "refund " * 1500, '"' * 10_000, "1-" * 5000])
def test_a_query_of_ten_thousand_characters_is_answered(find: Find, query: str) -> None:
    assert find(query) in ([], [2])


def test_a_phrase_does_not_reach_over_two_texts(connection: Connection, find: Find) -> None:
    search.put(connection, "ticket", 1, ["冰箱", "退款"])
    search.add(connection, "ticket", 1, "申请")
    assert find("冰箱退款") == find("退款申请") == find("箱退") == []
    assert find("冰箱 退款 申请") == [1]


def test_put_replaces_every_word_of_a_subject(connection: Connection, find: Find) -> None:
    search.put(connection, "ticket", 1, ["refund", "冰箱"])
    search.put(connection, "ticket", 1, ["delivery", None])
    assert find("refund") == find("冰箱") == []
    assert find("delivery") == [1]


def test_added_texts_are_found_together_with_the_first_ones(
    connection: Connection, find: Find
) -> None:
    search.put(connection, "ticket", 1, ["冰箱 broken"])
    for message in ("The first answer", "第二次答复：已安排上门维修", "third"):
        search.add(connection, "ticket", 1, message)
    assert find("冰箱 answer 安排上门 third") == [1]
    assert find('"first answer"') == [1]


def test_adding_to_a_subject_that_is_unknown_begins_it(connection: Connection, find: Find) -> None:
    search.add(connection, "notice", 7, "整改通知")
    assert find("整改", "notice") == [7]


def test_an_index_of_very_many_may_take_longer_than_a_statement_does(
    connection: Connection,
) -> None:
    if connection.dialect.name != "postgresql":
        pytest.skip("only PostgreSQL ends a statement that takes long")
    connection.execute(text("SET LOCAL statement_timeout = '2s'"))
    with search.loading(connection, "ticket"):
        search.put(connection, "ticket", 1, ["slow"])
    assert connection.scalar(text("SHOW statement_timeout")) == "0"


def test_very_many_subjects_can_be_loaded_at_once(connection: Connection, find: Find) -> None:
    search.put(connection, "ticket", 1, ["refund"])
    before = inspect(connection).get_table_names()
    with search.loading(connection, "ticket"):
        search.put_many(connection, "ticket", [(n, ["refund"]) for n in range(2, 500)])
    search.put(connection, "ticket", 500, ["refund"])
    assert find("refund") == list(range(1, 501))
    assert inspect(connection).get_table_names() == before
    if connection.dialect.name == "postgresql":
        assert [each["name"] for each in inspect(connection).get_indexes("search_ticket")]


def test_a_removed_subject_is_not_found(connection: Connection, find: Find) -> None:
    search.put(connection, "ticket", 1, ["refund"])
    search.remove(connection, "ticket", 1)
    search.remove(connection, "ticket", 2)
    assert find("refund") == []


def test_kinds_do_not_find_each_other(connection: Connection, find: Find) -> None:
    for number, kind in enumerate(search.KINDS, 1):
        search.put(connection, kind, number, ["refund"])
    assert [find("refund", kind) for kind in search.KINDS] == [[1], [2], [3], [4]]
    with pytest.raises(ValueError, match="no search index"):
        search.put(connection, "ticket; --", 1, ["refund"])


def test_a_customer_is_found_by_pinyin_initials(connection: Connection, find: Find) -> None:
    search.put(connection, "person", 1, ["張偉", "zw@example.com"])
    search.put(connection, "person", 2, ["李娜", "+86 139 8765 4321"])
    assert find("zw", "person") == find("张伟", "person") == [1]
    assert find("ln", "person") == find("13987654321", "person") == [2]
    assert find("l", "person", prefix=True) == [2]


@pytest.mark.parametrize("filler", ["故障日志", "log entry ", "x1y2 "])
def test_a_text_of_a_hundred_kilobytes_is_taken(
    connection: Connection, find: Find, filler: str
) -> None:
    body = filler * (100_000 // len(filler.encode())) + "，最后安排退款申请处理 the very end"
    search.put(connection, "ticket", 1, ["subject", body])
    search.add(connection, "ticket", 1, "后续答复：补寄发票给客户")
    assert find("退款申请") == find('"very end"') == find("补寄发票给客户") == [1]


def test_a_text_of_many_megabytes_does_not_fail_and_keeps_its_beginning(
    connection: Connection, find: Find
) -> None:
    search.put(connection, "ticket", 1, ["开头", "".join(map(chr, range(0x4E00, 0x9F00))) * 12])
    for number in range(3):
        search.add(connection, "ticket", 1, " ".join(f"w{number}x{n}y" for n in range(60_000)))
    assert find("开头") == [1]


def test_a_better_fitting_article_comes_first(connection: Connection) -> None:
    plain = "How to return things. " * 20
    search.put(connection, "article", 1, ["Opening hours", plain + "You may ask for a refund."])
    search.put(connection, "article", 2, ["Refund 退款 in five days", plain])
    search.put(connection, "article", 3, ["Delivery", plain])
    dialect = connection.dialect.name
    hits = search.ranked("refund", "article", dialect).subquery()
    rows = connection.execute(select(hits.c.subject_id).order_by(hits.c.rank.desc()))
    assert list(rows.scalars()) == [2, 1]


def test_what_shares_the_most_words_is_the_most_alike(connection: Connection) -> None:
    search.put(connection, "article", 1, ["冰箱不制冷怎么办", "检查电源和温度。"])
    search.put(connection, "article", 2, ["How to ask for a refund", "退款 takes five days."])
    search.put(connection, "article", 3, ["营业时间", "周一至周五。"])
    dialect = connection.dialect.name
    for text_, expected in (
        ("您好，我家的冰箱突然不制冷了，要求退款", [1, 2]),
        ("I want a refund please", [2]),
        ("您好", []),
    ):
        hits = search.alike(text_, "article", dialect).subquery()
        found = connection.scalars(select(hits.c.subject_id).order_by(hits.c.rank.desc()))
        assert list(found) == expected


def test_callers_join_and_order_as_they_need(connection: Connection) -> None:
    search.put_many(connection, "ticket", [(n, [f"refund {n}"]) for n in range(1, 60)])
    hits = search.matching("refund", "ticket", connection.dialect.name)
    newest = select(hits.subquery().c.subject_id).order_by(text("subject_id DESC")).limit(3)
    assert list(connection.scalars(newest)) == [59, 58, 57]
    nested = select(literal(5).in_(hits), literal(60).in_(hits))
    assert connection.execute(nested).one() == (True, False)


def test_each_change_costs_one_statement(connection: Connection) -> None:
    seen: list[str] = []
    session = Session(bind=connection)
    session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: seen.append(given[2]))
    search.put(session, "ticket", 1, ["subject", "body", "更多"])
    search.add(session, "ticket", 1, "a message")
    search.remove(session, "ticket", 1)
    assert len(seen) == 3


def test_the_index_is_rolled_back_with_the_data(connection: Connection, find: Find) -> None:
    search.put(connection, "ticket", 1, ["refund"])
    inner = connection.begin_nested()
    search.put(connection, "ticket", 1, ["lost"])
    search.put(connection, "ticket", 2, ["lost"])
    inner.rollback()
    assert find("lost") == []
    assert find("refund") == [1]


def test_creating_twice_keeps_the_words_and_dropping_twice_is_harmless(
    connection: Connection, find: Find
) -> None:
    search.put(connection, "ticket", 1, ["refund"])
    search.create(connection)
    assert find("refund") == [1]
    search.drop(connection)
    search.drop(connection)
    assert inspect(connection).get_table_names() == []


def test_alembic_can_tell_the_tables_of_the_index(connection: Connection) -> None:
    names = inspect(connection).get_table_names()
    assert names
    assert all(map(search.is_index_table, names))
    assert not search.is_index_table("ticket")
    assert not search.is_index_table("search_tickets")
