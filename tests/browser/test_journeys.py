"""A complaint's whole life in real browsers, through every door."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.help import servers
from tests.help.live import Person, company

pytestmark = pytest.mark.browser
SUBJECT = "洗衣机脱水时剧烈震动"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with company(tmp_path_factory.mktemp("company")) as running:
        yield running


@pytest.fixture(scope="module")
def team(server: servers.Server, chromium: Browser) -> Iterator[dict[str, Person]]:
    """Agent, caller, handler of quality, supervisor, verifier from elsewhere."""
    names = {
        "agent": "lin.xiaoyu",
        "caller": "zhou.ting",
        "handler": "shen.guodong",
        "supervisor": "chen.jing",
        "admin": "ahmed.farouk",
    }
    people = {role: Person(chromium, server, name) for role, name in names.items()}
    yield people
    for person in people.values():
        person.context.close()


def to_the_reply(team: dict[str, Person], number: str) -> None:
    """Accept, dispatch, sign, handle, answer."""
    team["agent"].move(number, "accept")
    team["agent"].move(number, "dispatch", department="quality")
    team["handler"].move(number, "sign")
    team["handler"].move(number, "handle")
    team["handler"].write(number, "reply", "已上门更换减震器，费用全免，请您放心使用。")
    expect(team["handler"].page.locator(".case-head")).to_contain_text("已答复")


def worked_to_the_end(team: dict[str, Person], number: str) -> None:
    """What is the same whatever door the case came through: reply, notice, call-back, closed file."""
    before = closed_today(team)
    to_the_reply(team, number)
    reference = notice_to_its_end(team, number)
    to_the_end(team, number)
    watched = team["supervisor"].go(f"/notices/{reference}").locator("main")
    expect(watched).to_contain_text("效果观察")
    closed_today(team, before + 1)
    for person in team.values():
        assert person.faults == []


def closed_today(team: dict[str, Person], wanted: int | None = None) -> int:
    """The figure of the statistics page, five seconds old at most; the list behind it holds as many
    cases."""
    page = team["supervisor"].go("/statistics?period=today")
    tile = page.locator(".stat", has_text="已办结").first
    figure = tile.locator(".stat-number")

    def is_told() -> bool:
        page.reload()
        return figure.inner_text() == str(wanted)

    if wanted is not None:
        servers.wait_until(is_told, 20, "the figure")
    told = int(figure.inner_text())
    page.goto(tile.get_attribute("href") or "")
    expect(page.locator("li[id^=ticket-]")).to_have_count(told)
    return told


def rated_by(customer: Person, path: str) -> None:
    """The customer's page shows the answer and the end, and takes a rating."""
    page = customer.go(path)
    expect(page.locator("main")).to_contain_text("已办结")
    until_it_says(page, "已上门更换减震器")  # what is sent can be taken back for some seconds
    page.locator("#rate input[value='5']").first.check()
    page.locator("#rate button").last.click()
    expect(page.locator(".flashes")).to_contain_text("谢谢")
    assert customer.faults == []
    customer.context.close()


def to_the_end(team: dict[str, Person], number: str) -> None:
    """Approve, call back, fill the case file, close."""
    team["supervisor"].move(number, "approve")
    page = team["caller"].go(f"/tickets/{number}")
    page.select_option("#call-contact", "reached")
    page.select_option("#call-resolved", "yes")
    page.select_option("#call-result", "5")
    page.fill("#call-words", "师傅很准时，谢谢。")
    with page.expect_navigation():
        page.locator(".callback-form button").last.click()
    page = team["agent"].go(f"/tickets/{number}/case-file")
    page.select_option("#fact-validity", "valid")
    page.select_option("#fact-cause_code", "material")
    page.fill("#fact-root_cause", "减震器批次老化")
    page.fill("#fact-remedy", "更换减震器")
    with page.expect_navigation():
        page.locator(".case-file button[type=submit], .case-file button:not([type])").last.click()
    team["agent"].move(number, "close")
    expect(team["agent"].page.locator(".case-head")).to_contain_text("已办结")


@pytest.mark.thorough
def test_a_chinese_complaint_from_the_public_form_to_the_closed_file(
    server: servers.Server, chromium: Browser, team: dict[str, Person]
) -> None:
    """The form, the live row, the department, a notice, the call-back, the tracking page."""
    queue = team["agent"].go("/queue?view=all")
    customer = Person(chromium, server)
    page = customer.go("/new")
    page.fill("#subject", SUBJECT)
    page.fill("#body", "买了两个月，脱水时整机移动，声音很大。")
    page.select_option("#category", "quality.appliance.washer")
    page.fill("#name", "陆小曼")
    page.fill("#contact", "139 0000 7788")
    page.locator("form[action='/new'] button").last.click()
    page.wait_for_url("**/track/20*")
    number = re.search(r"/track/(20\d\d-\d{6})", page.url).group(1)
    expect(page.locator(".receipt")).to_contain_text(number)
    row = queue.locator(f"#ticket-{number}")
    expect(row).to_be_visible()  # pushed, without a reload
    expect(row).to_contain_text(SUBJECT)

    worked_to_the_end(team, number)
    rated_by(customer, f"/track/{number}")


def until_it_says(page: Page, words: str) -> None:
    """The tracking page is not live: look again until it says so."""
    for _look in range(20):
        if words in page.locator("main").inner_text():
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError(f"The page never says {words}.")


def notice_to_its_end(team: dict[str, Person], number: str) -> str:
    """A notice from the ticket, signed, planned, done, passed by somebody from elsewhere."""
    lead = team["supervisor"]
    page = lead.go(f"/tickets/{number}/notices/new")
    fill(
        page,
        title="减震器批次老化",
        problem="两个月内七台同批次脱水震动",
        requirement="查明批次并更换供应商零件",
    )
    page.get_by_label("质量部").check()
    with page.expect_navigation():
        page.locator(".notice-form button[name=then]").click()
    reference = page.url.rstrip("/").rsplit("/", 1)[1].partition("?")[0]
    expect(lead.page.locator("main")).to_contain_text(re.compile(r"质整〔20\d\d〕\d+号"))
    handler = team["handler"]
    handler.notice_move(reference, "sign")
    handler.notice_move(
        reference, "submit_plan", root_cause="橡胶老化", plan="全批次更换", planned_at=lead_day()
    )
    lead.notice_move(reference, "accept_plan")
    handler.notice_move(
        reference,
        "claim_done",
        root_cause="橡胶老化",
        correction="更换",
        corrective="改用新供应商",
        preventive="入厂抽检",
        horizontal_check="同类机型已排查",
        evidence="检测报告 2026-11",
    )
    lead.notice_move(reference, "verify", result="pass", comment="现场复查合格")
    return reference


def fill(page: object, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"main [name='{name}']").fill(value)  # type: ignore[attr-defined]


def lead_day() -> str:
    """A time next week, as the field takes it."""
    from datetime import timedelta

    from helpdesk.clock import now

    return f"{(now() + timedelta(days=6)).date().isoformat()}T18:00"


@pytest.mark.thorough
def test_the_same_by_phone(team: dict[str, Person]) -> None:
    """One screen, keyboard only, the caller's number first."""
    page = team["agent"].go("/phone")
    page.keyboard.type("13900007799")
    page.keyboard.press("Tab")
    page.fill("[name=name]", "陆小曼")
    page.fill("[name=subject]", "洗衣机电话投诉")
    page.fill("[name=body]", "客户来电：洗衣机震动。")
    page.fill("[name=category]", "洗衣机")
    page.focus("[name=body]")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    number = re.search(r"(20\d\d-\d{6})", page.url).group(1)
    worked_to_the_end(team, number)


@pytest.mark.thorough
def test_the_same_by_mail(server: servers.Server, team: dict[str, Person]) -> None:
    """A mail through the MTA's pipe."""
    mail = (
        "From: Lu <lu.xiaoman@example.com>\nTo: support@example.net\nSubject: =?utf-8?b?5rSX6KGj5py6?=\n"
        "Content-Type: text/plain; charset=utf-8\n\n洗衣机脱水时震动。\n"
    )
    done = server.flask("mail", "deliver", text=mail)
    assert (done.returncode, done.stdout.strip()) == (0, "ticket")
    page = team["agent"].go("/queue?view=all")
    row = (
        page.locator("li[id^=ticket-]", has_text="洗衣机")
        .filter(has_text="lu.xiaoman")
        .or_(page.locator("li[id^=ticket-]", has_text="Lu"))
        .first
    )
    number = row.get_attribute("id").removeprefix("ticket-")
    team["agent"].go(f"/tickets/{number}")
    with_category(team["agent"], number)
    worked_to_the_end(team, number)


def with_category(person: Person, number: str) -> None:
    page = person.go(f"/tickets/{number}")
    page.locator('[data-dialog-opens="edit"]').first.click()
    page.select_option("#edit-category", "quality.appliance.washer")
    with page.expect_navigation():
        page.locator("#edit form button").last.click()


@pytest.mark.thorough
def test_the_same_over_the_api(
    server: servers.Server, chromium: Browser, team: dict[str, Person]
) -> None:
    """A shop's program opens the case and passes the link on; people do the rest."""
    token = server.flask(
        "tokens", "add", "a shop", "--role", "agent", "--scope", "intake"
    ).stdout.split()[-1]
    request = team["agent"].context.request
    answer = request.post(
        "/api/v1/tickets",
        headers={"Authorization": f"Bearer {token}"},
        data={
            "kind": "complaint",
            "channel": "api",
            "subject": "洗衣机接口投诉",
            "body": "震动。",
            "category": "quality.appliance.washer",
            "person": {"name": "陆", "phone": "13900007711"},
        },
    )
    assert answer.status == 201
    number = answer.json()["number"]
    worked_to_the_end(team, number)
    rated_by(Person(chromium, server), answer.json()["track"]["url"])
