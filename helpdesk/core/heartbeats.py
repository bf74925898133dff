"""Which loops of which processes are alive: each shows it every few seconds."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime, change_rows, db, transaction

FORGET_AFTER = timedelta(days=1)


class Heartbeat(Model):
    """When one kind of loop in one process last showed that it is alive."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(primary_key=True)
    process: Mapped[str] = mapped_column(primary_key=True)  # machine and process id
    at: Mapped[datetime] = mapped_column(UtcTime)


def this_process() -> str:
    """The name of this process among those of all machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


def beat(name: str) -> None:
    """Note that this loop of this process is alive; processes silent for a day are forgotten."""
    mine = (Heartbeat.name == name) & (Heartbeat.process == this_process())
    with transaction() as session:
        change_rows(delete(Heartbeat).where(mine | (Heartbeat.at < now() - FORGET_AFTER)))
        session.execute(insert(Heartbeat).values(name=name, process=this_process(), at=now()))


def last_beat(name: str) -> datetime | None:
    """When this loop was last alive, in whatever process."""
    beats = select(Heartbeat.at).where(Heartbeat.name == name)
    return db.session.scalar(beats.order_by(Heartbeat.at.desc()).limit(1))


def alive(name: str, within: float) -> int:
    """How many processes have shown this loop's life in so many seconds."""
    since = now() - timedelta(seconds=within)
    beats = select(func.count()).where(Heartbeat.name == name, Heartbeat.at >= since)
    return int(db.session.scalar(beats) or 0)
