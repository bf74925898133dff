"""Is everything there, once, and shown as it was sent? Asked of the running program."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from benchmarks.bare import connect
from benchmarks.client import Client
from benchmarks.real import Case, shown
from benchmarks.sites import Site
from helpdesk.channels.email.reading.parser import parse

MAILS = (
    "SELECT m.sha256, m.outcome, t.number FROM inbound_mail m"
    " LEFT JOIN ticket t ON t.id = m.ticket_id"
)
BREAKS = {"br": "\n", "p": "\n"}


FILED = ("ignored", "held", "quarantined")  # no ticket, and each with its reason


@dataclass
class Differences:
    """What the program has, beside what it had accepted."""

    tickets: int = 0
    replies: int = 0
    quarantined: int = 0
    lost: int = 0
    doubled: int = 0
    texts: int = 0
    pages: int = 0


def compare(site: Site, cases: list[Case], browsers: dict[str, Client], sample: int) -> Differences:
    """Count, then compare every text over the API and a sample on the pages."""
    found = Differences()
    _mails(site, cases, found)
    numbers = _all_numbers(site.api())
    told = [case.number for case in cases if case.outcome == "ticket"]
    found.tickets = len(numbers)
    found.lost += len(set(told) - set(numbers))
    found.doubled = len(numbers) - len(set(numbers) & set(told)) + len(told) - len(set(told))
    opened = [case for case in cases if case.outcome == "ticket"]
    client = site.api()
    for case in opened:
        _over_the_api(client, case)
        found.texts += 1
    for case in opened[:: -(-len(opened) // sample) or 1]:
        _on_the_page(site, case, browsers)
        found.pages += 1
    return found


def _mails(site: Site, cases: list[Case], found: Differences) -> None:
    """What became of each mail, by its fingerprint, and the text that it should show."""
    connection = connect(site)
    cursor = connection.cursor()
    cursor.execute(MAILS)
    rows = {row[0]: row[1:] for row in cursor.fetchall()}
    connection.close()
    for case in (each for each in cases if each.door == "email" and each.outcome):
        outcome, number = rows.get(case.sha256, ("", None))
        found.lost += outcome not in ("ticket", "reply", *FILED)
        found.replies += outcome == "reply"
        found.quarantined += outcome in FILED
        case.outcome, case.number = outcome or "lost", number or ""
        if outcome == "ticket":
            mail = parse(case.raw)
            subject = " ".join(mail.subject.split())[:200]
            case.subject, case.body = subject, (mail.text or subject or "-")[:100_000]
            case.subject = subject or shown(case.body).splitlines()[0][:80]


def _all_numbers(client: Client) -> list[str]:
    numbers: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/api/v1/tickets?limit=200&cursor={cursor}").json()
        numbers += [item["number"] for item in page["items"]]
        cursor = page["next"]
        if not cursor:
            return numbers


def _over_the_api(client: Client, case: Case) -> None:
    answer = client.get(f"/api/v1/tickets/{case.number}")
    if answer.status != 200:
        case.differs.append(f"the API answers {answer.status}")
        return
    ticket: dict[str, Any] = answer.json()
    if ticket["subject"] != shown(case.subject).replace("\n", " "):
        case.differs.append("the subject over the API")
    if ticket["messages"][0]["body"] != shown(case.body):
        case.differs.append("the text over the API")


def _on_the_page(site: Site, case: Case, browsers: dict[str, Client]) -> None:
    """The customer's page where a browser knows it, else the ticket's page of the desk."""
    client = browsers.get(case.number)
    if client is not None:
        page = client.get(f"/track/{case.number}")
        same = _lines(_text_of(page.text, "message-body")) == _lines(shown(case.body))
    else:
        page = site.browser().get(f"/tickets/{case.number}")
        same = shown(_text_of(page.text, "prose-plain")) == shown(case.body)
    if page.status != 200 or not same:
        case.differs.append(f"the text on the page ({page.status})")


def _lines(text: str) -> list[str]:
    return [line for line in text.split("\n") if line.strip()]


def _text_of(page: str, name: str) -> str:
    """The text of the first element of this class, as a reader sees it."""
    reader = _Reader(name)
    reader.feed(page)
    return "".join(reader.parts)


class _Reader(HTMLParser):
    """Collects the text of the first <div> of a class."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name, self.depth, self.done = name, 0, False
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth:
            self.depth += tag == "div"
            self.parts.append(BREAKS.get(tag, ""))
        elif tag == "div" and not self.done:
            self.depth = int(self.name in (dict(attrs).get("class") or "").split())

    def handle_endtag(self, tag: str) -> None:
        if self.depth and tag == "div":
            self.depth -= 1
            self.done = not self.depth
        elif self.depth:
            self.parts.append(BREAKS.get(tag, ""))

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.parts.append(data)
