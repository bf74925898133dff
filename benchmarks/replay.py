"""Real input through the program's own doors: `python -m benchmarks.replay [--database URL]`.

Starts the program as a process and sends messages through the public form, complaints through the
API and mails through `flask mail deliver`. Then it asks the program what it has. Exits 1 when
something accepted is lost or doubled, or when a text is not shown as it was sent.

The only changes that a text may show: CRLF becomes LF, NUL is removed, outer blanks are stripped;
a line break in a subject becomes a blank. The tracking page shows empty lines as paragraphs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from benchmarks import real, sites
from benchmarks.client import Client
from benchmarks.compare import Differences, compare
from benchmarks.real import Case
from benchmarks.sites import ROOT, Site

RAISE_LIMIT = """
from wsgi import app
from helpdesk.core import options
from helpdesk.core.db import transaction
with app.app_context(), transaction():
    options.put("form_per_hour", 1_000_000)
"""
FORM = "application/x-www-form-urlencoded"
AT_ONCE = {"web": 4, "api": 4, "email": 2}
SAMPLE = 100  # pages that are compared, too


def main() -> int:
    """Send everything, compare everything, print the balance."""
    asked = _arguments()
    if not real.is_there(asked.material):
        print(f"The real material is not in {asked.material}, so nothing was sent.")
        return 2
    cases = real.messages(asked.material, asked.messages)
    cases += real.narratives(asked.material, asked.narratives) + real.mails(asked.material)
    with ExitStack() as stack:
        site = stack.enter_context(_site(asked.database, stack))
        subprocess.run([sys.executable, "-c", RAISE_LIMIT], cwd=ROOT, env=site.environ, check=True)
        browsers: dict[str, Client] = {}
        rates = {door: _send(door, cases, site, browsers) for door in AT_ONCE}
        found = compare(site, cases, browsers, SAMPLE)
    return _report(cases, rates, found)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--database", default="", help="a PostgreSQL server, e.g. postgresql://...")
    parser.add_argument("--material", type=Path, default=real.SHARED, help="where it lies")
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--narratives", type=int, default=300)
    return parser.parse_args()


def _site(server: str, stack: ExitStack):  # type: ignore[no-untyped-def]
    if not server:
        return sites.embedded(0, 0)
    database = stack.enter_context(sites.database(server))
    return sites.embedded(0, 0, DATABASE_URL=database, SECRET_KEY="k" * 40)


def _send(door: str, cases: list[Case], site: Site, browsers: dict[str, Client]) -> float:
    """Put the cases of one door through it from several hands; returns cases per second."""
    waiting = iter([case for case in cases if case.door == door])
    lock, count = threading.Lock(), sum(case.door == door for case in cases)

    def work() -> None:
        hand = _hand(door, site, browsers)
        while True:
            with lock:
                case = next(waiting, None)
            if case is None:
                return
            hand(case)

    begin = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(AT_ONCE[door])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return count / (time.perf_counter() - begin)


def _hand(door: str, site: Site, browsers: dict[str, Client]) -> Callable[[Case], None]:
    if door == "web":
        fresh = _browsers(site)
        return lambda case: _by_form(next(fresh), case, browsers)
    if door == "api":
        client = site.api()
        return lambda case: _by_api(client, case)
    return lambda case: _by_mail(site, case)


def _browsers(site: Site) -> Iterator[Client]:
    """A browser for each fifteen cases: a page of one's own stays open that long."""
    while True:
        client = Client(site.url, {"Accept": "text/html", "Accept-Language": "zh-CN"})
        for _ in range(15):
            yield client


def _by_form(client: Client, case: Case, browsers: dict[str, Client]) -> None:
    page = client.get("/new").text
    given = {name: _hidden(page, name) for name in ("csrf_token", "once")}
    sent = given | {"kind": "complaint", "subject": case.subject, "body": case.body, "category": ""}
    answer = client.post("/new", urlencode(sent).encode(), FORM)
    case.told = str(answer.status)
    if answer.status == 303:
        case.number = answer.headers["location"].partition("/track/")[2].partition("?")[0]
        case.outcome = "ticket"
        browsers[case.number] = client


def _hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    tag = next(part for part in page.split("<input") if f'name="{name}"' in part.split(">")[0])
    return tag.split('value="', 1)[1].split('"', 1)[0]


def _by_api(client: Client, case: Case) -> None:
    sent = {"kind": "complaint", "channel": "api", "subject": case.subject, "body": case.body}
    answer = client.post_json("/api/v1/tickets", sent)
    case.told = str(answer.status)
    if answer.status == 201:
        case.number, case.outcome = answer.json()["number"], "ticket"


def _by_mail(site: Site, case: Case) -> None:
    """One process for each mail, as a mail server's pipe does it."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "mail", "deliver"],
        cwd=ROOT,
        env=site.environ,
        input=case.raw,
        capture_output=True,
        check=False,
    )
    words = done.stdout.decode().split()
    case.told = " ".join([str(done.returncode), *words])
    if done.returncode == 0:
        case.outcome = words[0] if words else "unknown"


def _report(cases: list[Case], rates: dict[str, float], found: Differences) -> int:
    accepted = [case for case in cases if case.outcome]
    refused = Counter((case.door, case.told) for case in cases if not case.outcome)
    for door, rate in rates.items():
        own = [case for case in cases if case.door == door]
        taken = sum(bool(case.outcome) for case in own)
        print(f"{door:<6} {len(own):>5} sent  {taken:>5} accepted  {rate:>7.1f} per second")
    for (door, told), count in refused.items():
        print(f"{door:<6} {count:>5} refused with {told}")
    balance = found.tickets + found.replies + found.quarantined
    print(f"\naccepted {len(accepted)} = tickets {found.tickets} + replies {found.replies}"
          f" + filed or waiting {found.quarantined}: {'yes' if balance == len(accepted) else 'NO'}")  # fmt: skip
    print(f"lost {found.lost}, doubled {found.doubled}")
    print(f"texts compared: {found.texts} over the API, {found.pages} pages")
    for case in accepted:
        for words in case.differs:
            print(f"differs: {case.door} {case.number}: {words}")
    wrong = sum(bool(case.differs) for case in accepted)
    print(f"texts that differ: {wrong}")
    return int(balance != len(accepted) or bool(wrong or found.lost or found.doubled))


if __name__ == "__main__":
    sys.exit(main())
