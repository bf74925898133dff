"""What watches the installation: /healthz, /readyz and /metrics. Nothing here tells a secret.

/healthz   this process answers (restart it when it does not)
/readyz    database, Redis, alarms and outbox do their work (tell somebody when they do not)
/metrics   the same as numbers for Prometheus: from this machine, or with a token
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, request
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from helpdesk.agents.rights import require
from helpdesk.api.auth import api_actor, with_token
from helpdesk.calls import exchange
from helpdesk.clock import now
from helpdesk.core import alarms, dbclock, heartbeats, jobs, outbox
from helpdesk.core.alarms import Alarm
from helpdesk.core.db import db
from helpdesk.core.errors import HelpdeskError
from helpdesk.core.outbox import Delivery
from helpdesk.notify.failures import unsent_seconds
from helpdesk.notify.mail import mailboxes
from helpdesk.ops import storage
from helpdesk.tickets import scanning
from helpdesk.tickets.models import Ticket

log = logging.getLogger(__name__)
blueprint = Blueprint("health", __name__)
SILENT_AFTER = 30.0  # seconds without a heartbeat of any timer process
LATE_ALARM = 30.0  # seconds that a due alarm may wait
LATE_DELIVERY = 120.0  # seconds that a delivery whose turn it is may wait
LATE_MAIL = 600.0  # seconds that a mailbox may fail, or a letter wait
# What is in the names of the headers by which proxies and networks of proxies say for whom they ask.
PASSED_ON = ("forward", "real-ip", "client-ip", "client-address", "connecting-ip", "remote-ip", "remote-addr",
             "original-host", "original-url", "proxyuser", "via", "cf-ray", "cdn-loop", "x-envoy")  # fmt: skip
HERE = frozenset({"localhost", "127.0.0.1", "::1"})
SHARED = "PROMETHEUS_MULTIPROC_DIR"

registry = CollectorRegistry()
requests_total = Counter(
    "helpdesk_requests", "Requests answered, by status", ["status"], registry=registry
)
request_seconds = Histogram(
    "helpdesk_request_seconds",
    "Time to answer, by endpoint",
    ["endpoint"],
    registry=registry,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ProcessCollector(registry=registry)


@blueprint.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return jsonify(ok=True)


@blueprint.get("/readyz")
def readyz() -> Response:
    """200 when everything does its work, else 503; the JSON says what does not."""
    checks = {name: _checked(check) for name, check in CHECKS.items()}
    ready = all(found["ok"] for found in checks.values())
    response = jsonify(ready=ready, checks=checks)
    response.status_code = 200 if ready else 503
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """Prometheus text: from this machine, or with the token of an administrator or auditor."""
    if not _is_local():
        _require_scraper()
    facts = CollectorRegistry()
    facts.register(_Facts())
    return Response(
        generate_latest(_requests()) + generate_latest(facts), content_type=CONTENT_TYPE_LATEST
    )


@with_token
def _require_scraper() -> None:
    require(api_actor(), "metrics.read")


def _is_local() -> bool:
    """True for a caller on this machine who did not come through a proxy: one leaves a trace."""
    names = [name.lower() for name, _value in request.headers]
    passed_on = any(sign in name for name in names for sign in PASSED_ON)
    asked = urlsplit(f"//{request.host}").hostname
    from_here = ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104
    return from_here and asked in HERE and not passed_on


def _requests() -> CollectorRegistry:
    """This process's numbers, or those of all that share a folder."""
    if SHARED not in os.environ:
        return registry
    everybody = CollectorRegistry()
    MultiProcessCollector(everybody)  # type: ignore[no-untyped-call]
    return everybody


@blueprint.before_app_request
def _start_watch() -> None:
    g.began = time.perf_counter()


@blueprint.after_app_request
def _count(response: Response) -> Response:
    requests_total.labels(str(response.status_code)).inc()
    began = g.get("began")
    if began is not None:
        endpoint = request.endpoint or "none"
        request_seconds.labels(endpoint).observe(time.perf_counter() - began)
    return response


def _checked(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What a check found. An error is logged, and told without its words."""
    try:
        return check()
    except (SQLAlchemyError, HelpdeskError, jobs.redis_error()):
        log.exception("A health check failed")
        db.session.rollback()
        return {"ok": False, "problem": "it can't be reached"}


def _database() -> dict[str, Any]:
    db.session.execute(text("SELECT 1"))
    return {"ok": True, "clock_ahead_seconds": round(dbclock.skew(), 1)}


def _redis() -> dict[str, Any]:
    client = jobs.redis_client()
    if client is not None:
        client.ping()
    return {"ok": True, "used": client is not None}


def _alarms() -> dict[str, Any]:
    silent, late = _age(heartbeats.last_beat("alarms")), alarm_lateness()
    problem = ""
    if silent is None:
        problem = "no timer process has ever reported"
    elif silent > SILENT_AFTER:
        problem = f"no timer process has reported for {silent:.0f} s"
    elif late > LATE_ALARM:
        problem = f"the oldest due alarm is {late:.0f} s late"
    return _found(
        problem,
        silent_seconds=silent,
        processes=timer_processes(),
        late_seconds=late,
        backlog=alarms.backlog(),
        parked=parked_alarms(),
    )


def _outbox() -> dict[str, Any]:
    late, dead = delivery_lateness(), deliveries("dead")
    problem = f"the oldest delivery is {late:.0f} s late" if late > LATE_DELIVERY else ""
    return _found(problem, late_seconds=late, backlog=deliveries("waiting"), dead=dead)


def _mail() -> dict[str, Any]:
    """Every mailbox is fetched, and letters go out."""
    failing, unsent = mailboxes.failing_seconds(), unsent_seconds()
    alone = mailboxes.unattended()
    problem = ""
    if alone:
        problem = f"nobody fetches {len(alone)} of the mailboxes: is `flask mail fetch` running?"
    elif failing > LATE_MAIL:
        problem = f"a mailbox has failed for {failing:.0f} s"
    elif unsent > LATE_MAIL:
        problem = f"the oldest letter has waited for {unsent:.0f} s"
    return _found(problem, failing_seconds=failing, unsent_seconds=unsent, unattended=len(alone))


def _found(problem: str, **facts: Any) -> dict[str, Any]:
    rounded = {k: round(v, 1) if isinstance(v, float) else v for k, v in facts.items()}
    return {"ok": not problem, **({"problem": problem} if problem else {}), **rounded}


def _disk() -> dict[str, Any]:
    """Something can be stored: a small row and a small file were written."""
    return _found(storage.problem(), free_megabytes=storage.free() // 2**20)


def _scanner() -> dict[str, Any]:
    """Files get their verdict, where a malware scanner is set."""
    waiting = scanning.unjudged_seconds()
    late = f"a file has waited {waiting:.0f} s for the malware scanner"
    return _found(late if waiting > LATE_MAIL else "", used=bool(scanning.scanner()))


CHECKS: dict[str, Callable[[], dict[str, Any]]] = {
    "database": _database,
    "disk": _disk,
    "redis": _redis,
    "alarms": _alarms,
    "outbox": _outbox,
    "mail": _mail,
    "scanner": _scanner,
}


def _age(at: datetime | None) -> float | None:
    return None if at is None else max(0.0, (now() - at).total_seconds())


def alarm_lateness() -> float:
    """How many seconds the oldest alarm that is due has waited; 0 when none is due."""
    due = alarms.next_due()
    return max(0.0, (now() - due).total_seconds()) if due else 0.0


def timer_processes() -> int:
    """How many processes have shown of late that they ring alarms."""
    return heartbeats.alive("alarms", SILENT_AFTER)


def parked_alarms() -> int:
    """Alarms that failed five times and wait for a person."""
    return _number(select(func.count()).where(Alarm.parked))


def delivery_lateness() -> float:
    """How many seconds the oldest delivery whose turn it is has waited; 0 when none waits."""
    return _age(outbox.late_since()) or 0.0


def phone_down() -> float:
    """How many seconds a telephone system can't be reached; 0 when all can, or there is none."""
    return _age(exchange.down_since()) or 0.0


def deliveries(state: str) -> int:
    """How many deliveries are in this state."""
    return _number(select(func.count()).where(Delivery.state == state))


def open_tickets() -> int:
    """How many tickets have not ended."""
    return _number(select(func.count()).select_from(Ticket).where(Ticket.closed_at.is_(None)))


def _number(query: Any) -> int:
    return int(db.session.scalar(query) or 0)


GAUGES: tuple[tuple[str, str, Callable[[], float]], ...] = (
    ("open_tickets", "Tickets not ended", open_tickets),
    ("alarm_lateness_seconds", "Wait of the oldest due alarm", alarm_lateness),
    ("alarms_due", "Due alarms not rung", alarms.backlog),
    ("timer_processes", "Timer processes that report", timer_processes),
    (
        "clock_ahead_seconds",
        "How far this machine's clock is ahead of the database's",
        dbclock.skew,
    ),
    ("alarms_parked", "Alarms that wait for a person", parked_alarms),
    ("phone_down_seconds", "Since when a telephone system can't be reached", phone_down),
    ("delivery_lateness_seconds", "Wait of the oldest delivery", delivery_lateness),
)


class _Facts:
    """What the database says, read at each scrape."""

    def collect(self) -> Iterator[Metric]:
        """One gauge per fact."""
        for name, meaning, ask in GAUGES:
            yield GaugeMetricFamily(f"helpdesk_{name}", meaning, ask())
        states = GaugeMetricFamily("helpdesk_deliveries", "Outbox rows", labels=["state"])
        for state in ("waiting", "running", "dead"):
            states.add_metric([state], deliveries(state))
        yield states
