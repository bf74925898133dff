"""The knowledge desk: writing, previewing, moving, listing; budgets; attacks in Markdown."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk.core.db import db
from helpdesk.kb import actions, lists, queries
from helpdesk.kb.models import Article
from helpdesk.kb.step import revision
from tests.help import articles as samples
from tests.help import factories as make
from tests.help.attacks import ATTACKS, stings
from tests.help.statements import counted

FORM = {name: value for name, value in samples.FRIDGE.items() if name != "code"}


@pytest.fixture
def writer(client: FlaskClient) -> FlaskClient:
    return make.sign_in(client, make.agent("Zhang Wei", timezone="Asia/Shanghai"))


@pytest.fixture
def boss(client: FlaskClient) -> FlaskClient:
    return make.sign_in(client, make.agent("Chen Jie", "supervisor"))


def again(code: str = "fridge-not-cold") -> Article:
    db.session.expire_all()
    return queries.by_code(code, samples.REVIEWER)


def get(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def test_an_article_is_written_reviewed_and_published_on_pages(
    app: Flask, writer: FlaskClient
) -> None:
    answer = writer.post("/kb/new", data=FORM | {"code": "", "expires_on": "2099-12-31"})
    assert answer.status_code == 303
    page = answer.location
    assert page == "/kb/the-fridge-does-not-cool"
    assert app.test_client().get(page).status_code == 404
    writer.post(f"{page}/moves", data={"move": "submit"})
    lead = make.sign_in(app.test_client(), make.agent("Chen Jie", "supervisor"))
    assert 'value="publish"' in get(lead, page)
    lead.post(f"{page}/moves", data={"move": "publish"})
    assert "The fridge does not cool" in get(app.test_client(), page + "?lang=en")


def test_the_writer_is_not_offered_to_publish_own_words(client: FlaskClient) -> None:
    lead = make.agent("Chen Jie", "supervisor")
    samples.article(state="review", writer=lead.actor)
    make.sign_in(client, lead)
    page = get(client, "/kb/fridge-not-cold")
    assert 'value="publish"' not in page and "somebody else must publish it" in page
    client.post("/kb/fridge-not-cold/moves", data={"move": "publish"})
    assert again().status == "review"
    assert "somebody else must publish it" in get(client, "/kb")


def test_wrong_fields_are_named_and_everything_typed_is_kept(writer: FlaskClient) -> None:
    answer = writer.post("/kb/new", data=FORM | {"title_en": "", "code": "Bad Code"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Please give a title to this text." in page and "Wait five minutes" in page
    assert db.session.scalar(db.select(Article.id)) is None


def test_a_stale_form_keeps_the_text_and_says_why(writer: FlaskClient) -> None:
    article = samples.article(state="draft")
    stale = article.version
    actions.edit(article, samples.draft(title_en="By somebody else"), by=samples.REVIEWER)
    answer = writer.post(
        "/kb/fridge-not-cold/edit", data=FORM | {"title_en": "Mine", "version": stale}
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "Somebody changed this" in page and 'value="Mine"' in page
    assert "Stored now: By somebody else<" in page
    assert revision(again()).title_en == "By somebody else"


def test_an_edit_is_kept_with_its_day(writer: FlaskClient) -> None:
    samples.article(state="draft")
    page = get(writer, "/kb/fridge-not-cold/edit")
    seen = re.search(r'name="version" type="hidden" value="(\w+)"', page)
    assert seen
    sent = FORM | {"title_en": "Warm fridge", "expires_on": "2099-12-31", "version": seen[1]}
    assert writer.post("/kb/fridge-not-cold/edit", data=sent).status_code == 303
    assert again().title_en == "Warm fridge"
    assert 'value="2099-12-31"' in get(writer, "/kb/fridge-not-cold/edit")


def test_what_is_published_opens_no_editor(writer: FlaskClient) -> None:
    samples.article()
    assert writer.get("/kb/fridge-not-cold/edit").location == "/kb/fridge-not-cold"
    assert writer.post("/kb/fridge-not-cold/edit", data=FORM).status_code == 422


def test_a_new_version_leads_into_the_editor_and_readers_keep_the_old(
    app: Flask, writer: FlaskClient
) -> None:
    samples.article()
    answer = writer.post("/kb/fridge-not-cold/moves", data={"move": "revise"})
    assert answer.location == "/kb/fridge-not-cold/edit"
    sent = FORM | {"title_en": "Newer words", "version": again().version}
    kept = writer.post("/kb/fridge-not-cold/edit", data=sent)
    assert kept.location == "/kb/fridge-not-cold?revision=2"
    assert "Newer words" in get(writer, kept.location)
    visitor = get(app.test_client(), "/kb/fridge-not-cold?lang=en")
    assert "The fridge does not cool" in visitor and "Newer words" not in visitor
    assert "A new version is being written" in get(writer, "/kb/fridge-not-cold")


def test_a_step_with_a_stale_version_is_refused(boss: FlaskClient) -> None:
    article = samples.article(state="review")
    sent = {"move": "publish", "version": article.version - 1}
    boss.post("/kb/fridge-not-cold/moves", data=sent)
    assert again().status == "review"
    assert "Somebody changed this" in get(boss, "/kb/fridge-not-cold")


@pytest.mark.parametrize("move", ["", "burn", "expire", "send_back"])
def test_an_impossible_step_says_why_keeps_its_words_and_changes_nothing(
    boss: FlaskClient, move: str
) -> None:
    samples.article(state="draft")
    answer = boss.post("/kb/fridge-not-cold/moves", data={"move": move, "comment": "so"})
    assert answer.status_code in (409, 422) and again().status == "draft"
    assert 'class="banner tone-red"' in answer.text and "You had typed: “so”" in answer.text
    answer = boss.post("/kb/fridge-not-cold/moves", data={"move": move})
    assert answer.status_code == 303 and again().status == "draft"
    assert 'class="flash tone-red"' in get(boss, "/kb/fridge-not-cold")


def test_a_stale_reason_stays_in_its_dialog_and_is_taken_when_sent_again(boss: FlaskClient) -> None:
    article = samples.article(state="review")
    sent = {"move": "send_back", "comment": "wrong table", "version": article.version - 1}
    answer = boss.post("/kb/fridge-not-cold/moves", data=sent)
    dialog = answer.text.split('id="move-send_back"')[1].split("</dialog>")[0]
    assert answer.status_code == 409 and "Somebody changed this" in dialog
    assert ">wrong table</textarea>" in dialog and f'value="{article.version}"' in dialog
    boss.post("/kb/fridge-not-cold/moves", data=sent | {"version": article.version})
    assert again().status == "draft"


def test_a_reason_stands_in_the_history(boss: FlaskClient) -> None:
    samples.article(state="review")
    boss.post(
        "/kb/fridge-not-cold/moves", data={"move": "send_back", "comment": "<b>wrong</b> table"}
    )
    page = get(boss, "/kb/fridge-not-cold")
    assert "&lt;b&gt;wrong&lt;/b&gt; table" in page and "Sent back" in page


def test_the_preview_shows_what_readers_would_see(writer: FlaskClient) -> None:
    for language, field in (("zh_Hans", "body_zh"), ("en", "body_en")):
        answer = writer.post(f"/kb/preview?language={language}", data={field: "Use **force**."})
        assert answer.get_data(as_text=True).strip() == "<p>Use <strong>force</strong>.</p>"


def test_a_preview_is_for_writers(client: FlaskClient) -> None:
    make.sign_in(client, make.agent("Ada", "auditor"))
    assert client.post("/kb/preview", data={"body_zh": "x"}).status_code == 403


def prose(page: str) -> str:
    start = page.index('<div class="prose"')
    return page[start : page.index("</article>", start)]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_in_a_text_survives_on_a_page(client: FlaskClient, attack: str) -> None:
    with_attack = f"before\n\n{attack}\n\n[x](javascript:alert(1)) ![x](https://evil.example/t.gif)"
    samples.article(body_zh=with_attack[:59_000], body_en=with_attack[:59_000])
    page = prose(get(client, "/kb/fridge-not-cold?lang=en"))
    found = [sting for sting in stings(page) if sting != "class"]  # the frame's own
    assert found == [] and 'src="https://evil' not in page


@pytest.mark.parametrize("attack", ATTACKS[:20])
def test_no_attack_in_a_title_survives(client: FlaskClient, attack: str) -> None:
    title = f"{attack[:120]} fridge"
    samples.article(title_en=title)
    make.sign_in(client, make.agent("Zhang Wei"))
    for address in (
        "/kb",
        "/kb/fridge-not-cold",
        "/kb/suggest?q=fridge&language=en",
        "/kb?public=1",
    ):
        page = get(client, address)
        assert "<script>alert" not in page and attack[:120] not in page or "<" not in attack


@pytest.mark.parametrize("articles", [1, 60])
def test_the_list_takes_six_statements_whatever_it_holds(boss: FlaskClient, articles: int) -> None:
    for number in range(articles):
        samples.article(code=f"article-{number}")
    get(boss, "/kb")
    for address in ("/kb", "/kb?view=published&category=fault", "/kb?q=fridge"):
        db.session.expire_all()
        with counted() as sent:
            get(boss, address)
        assert len(sent) <= 6, (address, "\n\n".join(sent))


@pytest.mark.parametrize("articles", [1, 40])
def test_public_pages_take_six_statements(client: FlaskClient, articles: int) -> None:
    for number in range(articles):
        samples.article(code=f"article-{number}")
    for address in ("/kb", "/kb?category=fault", "/kb?q=fridge", "/kb/article-0"):
        with counted() as sent:
            get(client, address)
        assert len(sent) <= 6, (address, "\n\n".join(sent))


def test_the_article_page_takes_ten_statements(boss: FlaskClient) -> None:
    samples.article(state="review")
    with counted() as sent:
        get(boss, "/kb/fridge-not-cold")
    assert len(sent) <= 10, "\n\n".join(sent)


def codes(page: str) -> list[str]:
    table = page[page.index('id="kb-articles"') :] if 'id="kb-articles"' in page else ""
    return re.findall(r'<strong><a href="/kb/([\w-]+)', table)


def test_a_long_list_comes_in_pages_without_gap_or_twin(boss: FlaskClient) -> None:
    for number in range(lists.PAGE + 7):
        samples.article(code=f"article-{number}", state="draft")
    first = get(boss, "/kb")
    following = re.search(r'href="(/kb\?after=\d+)" rel="next"|href="(/kb\?after=\d+)"', first)
    assert following is not None
    second = get(boss, following.group(1) or following.group(2))
    both = codes(first) + codes(second)
    assert len(both) == len(set(both)) == lists.PAGE + 7


@pytest.mark.parametrize("after", ["x", "-1", "9" * 30, "٣", "1 OR 1=1"])
def test_an_odd_place_in_the_list_breaks_nothing(boss: FlaskClient, after: str) -> None:
    samples.article()
    assert boss.get("/kb", query_string={"after": after}).status_code == 200


def test_filters_narrow_the_list_down(boss: FlaskClient) -> None:
    samples.article(code="both")
    samples.article(code="only-zh", title_en="", body_en="")
    samples.article(code="only-en", title_zh="", body_zh="", visibility="internal")
    samples.article(code="bill", category="billing", state="draft")
    assert codes(get(boss, "/kb?lacks=en")) == ["only-zh"]
    assert codes(get(boss, "/kb?lacks=zh_Hans")) == ["only-en"]
    assert codes(get(boss, "/kb?visibility=internal")) == ["only-en"]
    assert codes(get(boss, "/kb?category=billing")) == ["bill"]
    assert codes(get(boss, "/kb?view=draft")) == ["bill"]
    assert codes(get(boss, "/kb?view=nowhere")) == []
    assert codes(get(boss, "/kb?q=冰箱&category=billing")) == ["bill"]


def test_each_view_says_how_many_it_holds(boss: FlaskClient) -> None:
    samples.one_of_each()
    page = get(boss, "/kb")
    counts = re.findall(r'href="/kb[^"]*"[^>]*>([\w ]+) <span class="count">(\d+)</span>', page)
    shown = dict(counts)
    assert shown["Drafts"] == shown["To review"] == shown["Published"] == shown["Expired"] == "2"
    for view, count in (("draft", 2), ("review", 2), ("published", 2), ("expired", 2)):
        assert len(codes(get(boss, f"/kb?view={view}"))) == count


def test_languages_can_be_read_alone_or_side_by_side(boss: FlaskClient) -> None:
    samples.article()
    both = get(boss, "/kb/fridge-not-cold?language=both")
    assert 'lang="zh-Hans"><h2>冰箱不制冷怎么办' in both and 'lang="en"><h2>The fridge' in both
    alone = get(boss, "/kb/fridge-not-cold?language=zh_Hans")
    assert "拔下插头" in alone and "Pull the plug" not in alone


def test_a_missing_language_is_seen(boss: FlaskClient) -> None:
    samples.article(title_en="", body_en="")
    assert "English is missing" in get(boss, "/kb/fridge-not-cold")


def test_readers_get_their_language_and_a_way_to_the_other(client: FlaskClient) -> None:
    samples.article()
    english = get(client, "/kb/fridge-not-cold?lang=en")
    assert "Pull the plug" in english and 'href="/kb/fridge-not-cold?language=zh_Hans"' in english
    chinese = get(client, "/kb/fridge-not-cold?language=zh_Hans")
    assert "拔下插头" in chinese


def test_a_version_that_is_missing_is_said_and_the_other_shown(client: FlaskClient) -> None:
    samples.article(title_en="", body_en="")
    page = get(client, "/kb/fridge-not-cold?lang=en")
    assert "拔下插头" in page and "There is no English version yet." in page


@pytest.mark.parametrize("number", ["0", "99", "x", "-1", "1" * 40])
def test_an_unknown_version_shows_the_article(boss: FlaskClient, number: str) -> None:
    samples.article()
    assert "This is version" not in get(boss, f"/kb/fridge-not-cold?revision={number}")


def test_an_old_version_can_be_read_again(boss: FlaskClient) -> None:
    article = samples.article(state="draft")
    actions.edit(article, samples.draft(title_en="Second"), by=samples.WRITER)
    page = get(boss, "/kb/fridge-not-cold?revision=1&language=en")
    assert "This is version 1" in page and "<h1>The fridge does not cool</h1>" in page


def test_an_empty_desk_says_how_to_begin(boss: FlaskClient) -> None:
    assert "Write down what you explain more than twice" in get(boss, "/kb")
    assert "No search has failed" in get(boss, "/kb/searches")


def test_an_empty_public_page_leads_to_people(client: FlaskClient) -> None:
    page = get(client, "/kb?lang=en")
    assert "No articles yet" in page and 'href="/new"' in page


def test_every_form_carries_the_token(app: Flask, client: FlaskClient) -> None:
    samples.article()
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        assert client.post("/kb/fridge-not-cold/vote", data={"helped": "yes"}).status_code == 422
        page = get(client, "/kb/fridge-not-cold")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        sent = {"helped": "yes", "csrf_token": token.group(1)}
        assert client.post("/kb/fridge-not-cold/vote", data=sent).status_code == 303
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize(
    "address", ["/kb?q=a%00b", "/kb/a%00b", "/kb?category=%00", "/kb/related?q=fri%00dge"]
)
def test_a_character_that_no_database_keeps_is_no_fault_of_ours(
    client: FlaskClient, address: str
) -> None:
    assert client.get(address).status_code in (200, 404, 422)


def test_a_text_is_kept_without_what_no_database_keeps(app: Flask) -> None:
    article = samples.article(body_en="one\x00\r\ntwo  ")
    assert article.body_en == "one\ntwo"
