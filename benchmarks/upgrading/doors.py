"""Runs inside the tree of an older edition: adds what its demo leaves out, through its own doors.

It knows pages, API and commands as a browser, a program and an administrator do, and of that edition's modules
only `wsgi`, so it goes on working while modules move. Prints the numbers of the cases that it opened.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from forms import Forms

from wsgi import app

ADMIN, PASSWORD = "upgrade@example.com", "a long enough pass phrase"
ENGLISH = {"Accept-Language": "en"}
WHY = "因为客户这样要求。"
TOMORROW, LATER = (
    (datetime.now() + timedelta(days=n)).isoformat(timespec="minutes") for n in (1, 20)
)
RECEIPT = b"%PDF-1.4 the receipt"
FILED = {
    "validity": "valid",
    "root_cause": "焊点虚焊",
    "cause_code": "material",
    "remedy": "更换压缩机",
}

STEPS: dict[str, dict[str, str]] = {  # what a move asks for besides a reason
    "dispatch": {"department": "quality"},
    "transfer": {"department": "logistics"},
    "hold": {"until": LATER},
    "ask_extension": {"until": LATER},
    "reply": {"reply": "已更换压缩机，请您试用。"},
    "answer_directly": {"reply": "已退款，三个工作日到账。"},
}
DESK = ("accept", "dispatch", "sign", "handle")
LIVES = (  # each is one case, moved so far
    (),
    ("accept",),
    ("answer_directly",),
    ("decline",),
    ("accept", "transfer_out"),
    ("accept", "dispatch", "send_back"),
    ("accept", "dispatch", "send_back", "refuse_return"),
    (*DESK, "transfer"),
    (*DESK, "hold"),
    (*DESK, "hold", "resume"),
    (*DESK, "ask_extension"),
    (*DESK, "ask_extension", "grant_extension"),
    (*DESK, "ask_extension", "refuse_extension"),
    (*DESK, "withdraw"),
    (*DESK, "reply", "review"),
    (*DESK, "reply", "approve"),
    (*DESK, "reply", "approve", "rework"),
    (*DESK, "reply", "approve", "FILE", "close"),
    (*DESK, "reply", "approve", "FILE", "close", "archive"),
    (*DESK, "reply", "approve", "FILE", "close", "reopen"),
)
PLAN = {"root_cause": "焊台温度低", "plan": "加装报警", "planned_at": TOMORROW}
NOTICES: tuple[tuple[tuple[str, dict[str, str]], ...], ...] = (
    (),
    (("approve", {}),),
    (("approve", {}), ("issue", {})),
    (("approve", {}), ("issue", {}), ("object", {}), ("overrule", {}), ("sign", {})),
    (("approve", {}), ("issue", {}), ("sign", {}), ("submit_plan", PLAN), ("accept_plan", {}),
     ("ask_extension", {"until": LATER})),
    (("approve", {}), ("issue", {}), ("withdraw", {})),
)  # fmt: skip


THEIRS = (
    "sign",
    "object",
    "submit_plan",
    "ask_extension",
)  # steps of a notice that only its department takes


class Desk:
    """An administrator's browser and a supervisor's program, in front of the old edition."""

    def __init__(self, supervisor: str, handler: str) -> None:
        self.browser = app.test_client()
        self.program, self.handler = _bearer(supervisor), _bearer(handler)
        self.send("/sign-in", email=ADMIN, password=PASSWORD)

    def send(self, page: str, to: str = "", **changed: Any) -> Any:
        """Open a page, change fields of the form that goes `to` there, and send it."""
        opened = self.browser.get(page, headers=ENGLISH)
        found = [form for form in Forms(opened.text).found if form[0] in (to or page, to)]
        if not found:
            raise RuntimeError(f"{page} ({opened.status}) has no form that goes to {to or page}.")
        action, fields = found[0]
        names = {name.replace("__", "-"): value for name, value in changed.items()}
        return self.post(action or page, fields | names)

    def post(self, path: str, fields: dict[str, Any]) -> Any:
        """Send a form. Raises RuntimeError with what the page says when it is refused."""
        answer = self.browser.post(path, data=fields, headers=ENGLISH)
        if answer.status_code >= 400:
            raise RuntimeError(f"{path}: {answer.status}\n{_said(answer.text)}")
        return answer

    def call(self, path: str, sent: dict[str, Any], **headers: str) -> dict[str, Any]:
        """Call the API; its answer."""
        theirs = path.startswith("/notices") and sent.get("move") in THEIRS
        who = self.handler if theirs else self.program
        known = who | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = app.test_client().post(f"/api/v1{path}", json=sent, headers=known)
        if answer.status_code >= 400:
            raise RuntimeError(f"{path} {sent}: {answer.status}\n{answer.text}")
        return dict(answer.get_json())

    def opened(self, subject: str, **more: Any) -> str:
        """Open a case; its number."""
        sent = {
            "kind": "complaint",
            "channel": "api",
            "category": "quality.appliance.fridge",
            "subject": subject,
            "body": f"{subject}。",
        }
        person = {"name": "王芳", "phone": "139 1234 5678", "email": "wang.fang@example.com"}
        key = more.pop("key", "")
        answer = self.call("/tickets", sent | {"person": person} | more, Idempotency_Key=key)
        return str(answer["number"])

    def move(self, number: str, code: str) -> None:
        """Take a step of the table of moves, or fill the case file."""
        if code == "FILE":
            self.send(f"/tickets/{number}/case-file", **FILED)
        else:
            given = {"move": code, "comment": WHY} | STEPS.get(code, {})
            self.call(f"/tickets/{number}/moves", given)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Accept-Language": "en"}


def _said(page: str) -> str:
    return "\n".join(
        line.strip() for line in page.splitlines() if "error" in line or "alert" in line
    )


def lives(desk: Desk) -> list[str]:
    """A case in each state that a case can be in; every other one is confidential or a repeat."""
    made = []
    for place, moves in enumerate(LIVES):
        more = {"severity": f"S{place % 4 + 1}", "confidential": place % 5 == 4}
        number = desk.opened(f"冰箱修了三次还是不制冷（{place + 1}）", key=f"life-{place}", **more)
        for code in moves:
            desk.move(number, code)
        made.append(number)
    first, second, third = made[1], made[0], desk.opened("同一台冰箱")
    desk.call(f"/tickets/{second}/moves", {"move": "merge", "comment": WHY, "target": first})
    desk.call(f"/tickets/{second}/moves", {"move": "unmerge", "comment": WHY})
    desk.call(f"/tickets/{third}/moves", {"move": "merge", "comment": WHY, "target": first})
    return [*made, third]


def talk(desk: Desk, number: str) -> None:
    """Notes, messages, an assisting department, an urge; a rating and files by the customer."""
    desk.call(f"/tickets/{number}/messages", {"body": "内部：已电话联系。", **_seen(desk, number)})
    shown = {"body": "请发照片。", "public": True}
    desk.call(f"/tickets/{number}/messages", shown | _seen(desk, number))
    page = f"/tickets/{number}"
    desk.send(page, f"{page}/assists", department="it", comment="查日志")
    desk.send(page, f"{page}/urge")
    photo = (io.BytesIO(RECEIPT), "receipt.pdf")
    desk.send(page, f"{page}/messages", body="收据在附件里。", mode="note", files=photo)


def _seen(desk: Desk, number: str) -> dict[str, int]:
    told = app.test_client().get(
        f"/api/v1/tickets/{number}/events?limit=1000", headers=desk.program
    )
    return {"seen_seq": told.get_json()["last"]}


def notices(desk: Desk, number: str) -> None:
    """A rectification notice in each part of its life."""
    for place, steps in enumerate(NOTICES):
        sent = {
            "title": f"冰箱未检漏（{place + 1}）",
            "problem": "三次上门均无数据。",
            "requirement": "补做检漏。",
        }
        level = ("major", "minor", "observation")[place % 3] if place != 4 else "major"
        made = desk.call(
            f"/tickets/{number}/notices", sent | {"department": "quality", "level": level}
        )
        reference = made["reference"]
        for code, more in steps:
            given = {"move": code, "comment": WHY} | more
            reference = desk.call(f"/notices/{reference}/moves", given)["reference"]


def forms(desk: Desk) -> None:
    """The public form, with a file, by somebody new."""
    given = {
        "subject": "洗碗机又漏水了",
        "body": "上周修过，今天又漏。",
        "name": "刘洋",
        "contact": "liu.yang@example.com",
    }
    fields = given | {
        "category": "quality.appliance",
        "files": (io.BytesIO(RECEIPT), "receipt.pdf"),
    }
    desk.browser.post("/language", data={})
    page = app.test_client()
    first = Forms(page.get("/new", headers=ENGLISH).text).found
    untouched = next(values for action, values in first if action == "/new")
    untouched.pop("website", None)
    answer = page.post("/new", data=untouched | fields, headers=ENGLISH)
    if answer.status_code >= 400:
        raise RuntimeError(f"/new: {answer.status}\n{_said(answer.text)}")


def setup(desk: Desk) -> None:
    """Each kind of setting once changed, so that each has a history."""
    desk.send("/admin/options", company_en="Haichuan Ltd", undo_seconds="60")
    desk.send("/admin/promises", note="Faster", resolve__S3__limit="4 wd")
    desk.send(
        "/admin/canned-replies/new",
        code="thanks",
        title_zh="谢谢",
        body_zh="谢谢您。",
        title_en="Thanks",
        body_en="Thank you.",
    )
    desk.send("/admin/routes/new", name="Dishwashers", words="洗碗机", department_id="1")
    desk.send("/admin/departments/new", code="lab", name_zh="实验室", name_en="Laboratory")
    desk.send("/admin/categories/new", code="advice.lab", name_zh="检测", name_en="Testing")
    desk.send("/admin/people/new", name="Wu Di", email="wu.di@example.com")
    today, later = date.today(), date.today() + timedelta(days=3)
    desk.send(
        "/admin/duty",
        duty__role="manager",
        duty__department_id="1",
        duty__agent_id="5",
        duty__starts_on=str(today),
        duty__from_time="00:00",
        duty__until_time="12:00",
    )
    desk.send(
        "/admin/duty",
        "/admin/duty/absences",
        away__agent_id="2",
        away__deputy_id="3",
        away__starts_on=str(today),
        away__ends_on=str(later),
    )
    box = {
        "address": "support@example.net",
        "name": "support",
        "user": "support",
        "password": "wrong",
        "host": "imap.example.net",
    }
    desk.send("/admin/mailboxes/new", **box, smtp_host="smtp.example.net", language="en")
    calendar = "/admin/calendars/cn-office"
    shown = desk.send(calendar, week__4="09:00-12:00, 13:30-17:00")
    looked = next(fields for action, fields in Forms(shown.text).found if action.endswith("/save"))
    desk.post(f"{calendar}/save", looked | {"note": "Fridays end earlier"})
    desk.send("/admin/simulator", policy="1")


def knowledge(desk: Desk) -> None:
    """An article in work, one that is being revised, a vote, a search without an answer."""
    text = {
        "title_zh": "洗碗机漏水",
        "body_zh": "先看**门封**。",
        "title_en": "The dishwasher leaks",
        "body_en": "Look at the **seal**.",
    }
    desk.send("/kb/new", code="dishwasher-leaks", category="fault", **text)
    desk.send("/kb/fridge-not-cooling", "/kb/fridge-not-cooling/moves", move="revise")
    desk.send("/kb/fridge-not-cooling/edit", title_en="The fridge is warm")
    desk.send("/kb/fridge-not-cooling", "/kb/fridge-not-cooling/vote", helped="yes")
    desk.send("/kb/categories", code="parts", name_zh="备件", name_en="Spare parts")
    app.test_client().get("/kb?q=quantum+toaster", headers=ENGLISH)


def mails() -> None:
    """Mail that opens a case, goes on with one, is nobody's, waits for a person, or can't be read."""
    first = {"Message-ID": "<1@example.com>", "Subject": "空调滴水"}
    _deliver(_mail("空调滴水，地板泡坏了。", first))
    _deliver(
        _mail(
            "还在滴。",
            {
                "Message-ID": "<2@example.com>",
                "In-Reply-To": "<1@example.com>",
                "Subject": "Re: 空调滴水",
            },
        )
    )
    away = {
        "Message-ID": "<3@example.com>",
        "Subject": "Out of office",
        "Auto-Submitted": "auto-replied",
    }
    _deliver(_mail("I am away.", away))
    _deliver(b"")
    _deliver(b"\x00\x01 not a mail at all")


def _mail(body: str, headers: dict[str, str]) -> bytes:
    made = EmailMessage()
    known = {"From": "赵敏 <zhao.min@example.org>", "To": "support@example.net"}
    for name, value in (known | headers).items():
        made[name] = value
    made.set_content(body)
    return made.as_bytes()


def _deliver(raw: bytes) -> None:
    _flask("mail", "deliver", given=raw)


def _flask(*arguments: str, given: bytes = b"") -> str:
    done = app.test_cli_runner().invoke(args=list(arguments), input=given)
    if done.exit_code:
        raise RuntimeError(f"flask {' '.join(arguments)}: {done.output}")
    return str(done.output)


def main() -> None:
    """Everything, in an order in which each finds what it needs; `--count`: only how many cases it will be."""
    if "--count" in sys.argv:
        print(len(LIVES) + 3)  # one more that is merged, the form's and a mail's
        return
    _flask("users", "add", ADMIN, "--name", "Upgrade", "--role", "admin", "--password-stdin",
           given=f"{PASSWORD}\n".encode())  # fmt: skip
    supervisor = _flask("tokens", "add", "upgrade", "--role", "supervisor")
    handler = _flask("tokens", "add", "quality", "--role", "handler", "--department", "quality")
    desk = Desk(supervisor.split()[-1], handler.split()[-1])
    numbers = lives(desk)
    talk(desk, numbers[7])
    notices(desk, numbers[7])
    rest: tuple[Callable[[Desk], None], ...] = (forms, knowledge, setup)
    for part in rest:
        part(desk)
    mails()
    _flask("alarms", "--once")
    page = f"/tickets/{numbers[9]}"
    desk.send(page, f"{page}/messages", body="马上回复您。", mode="message")
    print(*numbers)


if __name__ == "__main__":
    sys.exit(main())
