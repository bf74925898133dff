"""What a notice owes is a promise like any other; steps and reminders name their promise"""

from collections import defaultdict
from datetime import datetime

import sqlalchemy as sa
from alembic import op

from helpdesk.core.db import JsonData, UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

STEPS = ("containment", "plan", "done", "check")
DUES = tuple(f"{step}_due_at" for step in STEPS)
WORKING = ("plan_submitted", "implementing")
PLANNING = ("issued", "objected", "signed", "plan_rejected")
GOING = {
    **dict.fromkeys(PLANNING, ("containment", "plan", "done")),
    **dict.fromkeys(WORKING, ("containment", "done")),
    "done_claimed": ("check",),
}
ENDED = ("closed", "reopened", "withdrawn")
MET = {"containment": "contained_at", "plan": "submitted_at", "done": "claimed_at"}

column = sa.column
NOTICE = sa.table(
    "notice", column("id"), column("status"), column("level"), column("department_id"),
    column("ticket_id"), column("round"), column("extensions"), column("next_id"),
    column("answer", JsonData), column("check", JsonData), column("limits", JsonData),
    column("round_at", UtcTime), column("due_at", UtcTime), *(column(d, UtcTime) for d in DUES),
)  # fmt: skip
PROMISE = sa.table(
    "promise", column("id"), column("subject_kind"), column("subject_id"), column("promise"),
    column("cycle"), column("part"), column("position"), column("state"), column("verdict"),
    column("owner"), column("owner_department_id"), column("owner_name"), column("limit"),
    column("chain"), column("calendar"), column("calendar_version"), column("bound"),
    column("policy_version"), column("profile"), column("started_at", UtcTime),
    column("due_at", UtcTime), column("provisional"), column("extended_to", UtcTime),
    column("extended_at", UtcTime), column("pauses", JsonData), column("level"),
    column("met_at", UtcTime), column("met_by"), column("done"),
)  # fmt: skip
ABOUT = ("id", "subject_kind", "subject_id", "ticket_id", "notice_id", "level", "cycle", "promise_id")
ESCALATION = sa.table("escalation", *map(column, ABOUT))
REMINDER = sa.table("reminder", *map(column, ABOUT), column("promise"))
ALARM = sa.table("alarm", *map(column, ("id", "kind", "subject_id", "level", "cycle")))
EVENT = sa.table("event", column("notice_id"), column("name"), column("at", UtcTime))


def upgrade() -> None:
    op.add_column("notice", sa.Column("next_id", sa.Integer(), nullable=True))
    _names_promise("escalation", "subject_kind", "subject_id", "level", "cycle")
    _names_promise("reminder", "agent_id", "subject_kind", "subject_id", "level", "cycle")
    bind = op.get_bind()
    for notice in bind.execute(sa.select(NOTICE).where(NOTICE.c.round_at.is_not(None))).all():
        _Round(bind, notice).take_over()
    with op.batch_alter_table("notice") as table:
        table.create_foreign_key("fk_notice_next_id", "promise", ["next_id"], ["id"])
        for name in ("limits", "round_at", *DUES):
            table.drop_column(name)
    op.execute("UPDATE reminder SET subject_kind = CASE WHEN notice_id IS NULL THEN 'ticket' ELSE 'notice' END, "
               "subject_id = coalesce(notice_id, ticket_id)")  # fmt: skip
    op.drop_index("ix_escalation_ticket", "escalation")
    _only_by_promise("escalation", ("subject_kind", "subject_id"), "promise_id", "level", "cycle")
    _only_by_promise("reminder", (), "agent_id", "promise_id", "level", "cycle")


def _names_promise(name: str, *was_unique: str) -> None:
    """Rows about a case's promise name it as before; those about a notice wait for theirs."""
    with op.batch_alter_table(name) as table:
        table.drop_constraint(f"uq_{name}_{'_'.join(was_unique)}", type_="unique")
        table.add_column(sa.Column("promise_id", sa.Integer(), nullable=True))
    op.execute(f"UPDATE {name} SET promise_id = subject_id WHERE subject_kind = 'promise'")


def _only_by_promise(name: str, gone: tuple[str, ...], *unique: str) -> None:
    op.execute(f"DELETE FROM {name} WHERE promise_id IS NULL")  # of notices that are not there
    with op.batch_alter_table(name) as table:
        for kind in ("ticket", "notice"):
            table.drop_constraint(f"fk_{name}_{kind}_id", type_="foreignkey")
            table.drop_column(f"{kind}_id")
        for column_name in gone:
            table.drop_column(column_name)
        table.alter_column("promise_id", existing_type=sa.Integer(), nullable=False)
        table.create_unique_constraint(f"uq_{name}_{'_'.join(unique)}", list(unique))


class _Round:
    """A notice as the columns told it: its promises of this round, with steps, reminders, alarm."""

    def __init__(self, bind, notice) -> None:
        self.bind, self.notice, self.ids = bind, notice, {}
        calendar = sa.table("calendar", column("code"), column("version"))
        unit = sa.table("department", column("id"), column("calendar"))
        self.calendar = bind.scalar(
            sa.select(unit.c.calendar).where(unit.c.id == notice.department_id)
        )
        self.version = bind.scalar(
            sa.select(sa.func.max(calendar.c.version)).where(calendar.c.code == self.calendar)
        )
        granted = sa.select(sa.func.max(EVENT.c.at)).where(
            EVENT.c.notice_id == notice.id,
            EVENT.c.name == "notice.grant_extension",
            EVENT.c.at >= notice.round_at,
        )
        self.granted_at = bind.scalar(granted)

    def take_over(self) -> None:
        for table in (ESCALATION, REMINDER):
            mine = sa.select(table).where(
                table.c.subject_kind == "notice", table.c.subject_id == self.notice.id
            )
            for row in self.bind.execute(mine).all():
                self._name(table, row)
        for step in STEPS:
            self._id(self.notice.round, step)
            if self.notice.limits.get(step):  # which further rounds take from the first
                self._id(1, step)
        self._ring()

    def _name(self, table, row) -> None:
        """This step or reminder is about that promise."""
        round_, extension, step = _meaning(row)
        if row.level == 0 and table is ESCALATION:
            round_, extension, step = row.cycle, 0, "check"
        promise_id = self._id(round_, step)
        named = {"promise_id": promise_id, "cycle": self._run(round_, extension, step)}
        self.bind.execute(table.update().where(table.c.id == row.id).values(**named))
        counts = round_ == self.notice.round and (step != "done" or extension == self.notice.extensions)
        if counts and table is ESCALATION:
            higher = (PROMISE.c.id == promise_id) & (PROMISE.c.level < row.level)
            missed = {"verdict": "missed"} if row.level >= 100 else {}
            self.bind.execute(PROMISE.update().where(higher).values(level=row.level))
            if missed:
                open_ = (PROMISE.c.id == promise_id) & (PROMISE.c.state == "running")
                self.bind.execute(PROMISE.update().where(open_).values(**missed))

    def _run(self, round_: int, extension: int, step: str) -> int:
        """Which run of the promise's chain: as the clock of promises counts it where that goes on."""
        told = self.notice
        if round_ == told.round and step == "done" and extension == told.extensions:
            if self.granted_at is None:
                return round_
            return round_ + 100 * (int((self.granted_at - told.round_at).total_seconds() // 60) + 1)
        return round_ + 50 + 100 * extension if extension else round_

    def _id(self, round_: int, step: str):
        """The promise of this step, made when it is first asked for; None where there is none."""
        if (round_, step) not in self.ids:
            values = self._now(step) if round_ == self.notice.round else _past(round_)
            self.ids[round_, step] = self._store(round_, step, values) if values else None
        return self.ids[round_, step]

    def _now(self, step: str):
        """How this step stands in the round that goes on, or in the last one."""
        told = self.notice
        due, limit = getattr(told, f"{step}_due_at"), told.limits.get(step) or ""
        if due is None and not (step == "check" and limit):
            return None
        started = told.round_at if step != "check" else _time(told.answer.get("claimed_at"))
        met = _time(told.answer.get(MET[step]) if step in MET else told.check.get("verified_at"))
        if step == "plan" and told.status == "plan_rejected":
            met = None
        values = {"started_at": started, "due_at": due, "met_at": met, "verdict": ""}
        if met is not None and started is not None:
            values |= {"state": "met", "verdict": "late" if due and met > due else "on_time"}
        elif step in GOING.get(told.status, ()):
            values |= {"state": "running"}
        elif started is None and told.status not in ENDED:
            values |= {"state": "pending"}
        else:
            values |= {"state": "dropped", "verdict": "dropped"}
        if step == "done" and self.granted_at is not None:
            values |= {"extended_to": due, "extended_at": self.granted_at}
        return values

    def _store(self, round_: int, step: str, values) -> int:
        row = {
            "subject_kind": "notice", "subject_id": self.notice.id, "promise": step,
            "cycle": round_, "part": 1, "position": STEPS.index(step), "owner": "department",
            "owner_department_id": self.notice.department_id, "owner_name": "",
            "limit": self.notice.limits.get(step) or "1 cd",
            "chain": "critical" if self.notice.level == "major" else "standard",
            "calendar": self.calendar, "calendar_version": self.version or 0, "bound": "",
            "policy_version": 0, "profile": "", "provisional": False, "pauses": [], "level": 0,
            "met_by": "", "done": "",
        }  # fmt: skip
        made = self.bind.execute(PROMISE.insert().values(**(row | values)).returning(PROMISE.c.id))
        return made.scalar_one()

    def _ring(self) -> None:
        """The step that is due next has the alarm, and the notice says which it is."""
        mine = sa.select(PROMISE.c.id).where(
            PROMISE.c.subject_kind == "notice",
            PROMISE.c.subject_id == self.notice.id,
            PROMISE.c.state == "running",
            PROMISE.c.due_at.is_not(None),
        )
        following = self.bind.execute(mine.order_by(PROMISE.c.due_at, PROMISE.c.position)).first()
        alarms = (ALARM.c.kind == "notice") & (ALARM.c.subject_id == self.notice.id)
        if following is None:
            self.bind.execute(ALARM.delete().where(alarms))
            return
        named = {"kind": "promise", "subject_id": following.id, "cycle": 1}
        self.bind.execute(ALARM.update().where(alarms).values(**named))
        this = NOTICE.c.id == self.notice.id
        self.bind.execute(NOTICE.update().where(this).values(next_id=following.id))


def _past(round_: int):
    """A step of a round that is over: its times are in the notice's own record of that round."""
    return {"state": "dropped", "verdict": "dropped"}


def _meaning(row) -> tuple[int, int, str]:
    """Round, extension and step of a cycle as the notice's own clock wrote it."""
    return row.cycle // 100, row.cycle // 10 % 10, STEPS[row.cycle % 10 % len(STEPS)]


def _time(text):
    return datetime.fromisoformat(text) if text else None


def downgrade() -> None:
    op.add_column("notice", sa.Column("limits", JsonData, server_default="{}", nullable=False))
    for name in ("round_at", *DUES):
        op.add_column("notice", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    _about_again("escalation", "uq_escalation_promise_id_level_cycle")
    op.create_index("ix_escalation_ticket", "escalation", ["ticket_id"])
    _about_again("reminder", "uq_reminder_agent_id_promise_id_level_cycle", "agent_id")
    _columns_again(op.get_bind())
    with op.batch_alter_table("notice") as table:
        table.drop_constraint("fk_notice_next_id", type_="foreignkey")
        table.drop_column("next_id")
    op.execute("DELETE FROM promise WHERE subject_kind = 'notice'")


def _about_again(name: str, unique: str, *first: str) -> None:
    """Steps and reminders say themselves which ticket or notice they are about."""
    known = name == "reminder"  # it has said what the promise is about all the while
    with op.batch_alter_table(name) as table:
        table.drop_constraint(unique, type_="unique")
        if not known:
            table.add_column(sa.Column("subject_kind", sa.String(), server_default="", nullable=False))
            table.add_column(sa.Column("subject_id", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("ticket_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("notice_id", sa.Integer(), nullable=True))
    table = ESCALATION if name == "escalation" else REMINDER
    cases = sa.select(PROMISE.c.id).where(PROMISE.c.subject_kind == "ticket")
    case = sa.select(PROMISE.c.subject_id).where(PROMISE.c.id == table.c.promise_id).scalar_subquery()
    named = {"subject_kind": "promise", "subject_id": table.c.promise_id, "ticket_id": case}
    op.execute(table.update().where(table.c.promise_id.in_(cases)).values(**named))
    _steps_again(op.get_bind(), table)
    with op.batch_alter_table(name) as table:
        table.drop_column("promise_id")
    with op.batch_alter_table(name) as table:
        key = [*first, "subject_kind", "subject_id", "level", "cycle"]
        table.create_unique_constraint(f"uq_{name}_{'_'.join(key)}", key)
        table.create_foreign_key(f"fk_{name}_ticket_id", "ticket", ["ticket_id"], ["id"])
        table.create_foreign_key(f"fk_{name}_notice_id", "notice", ["notice_id"], ["id"])


def _steps_again(bind, table) -> None:
    """What is about a notice names it, with round, extension and step as one number."""
    mine = [table.c.id, table.c.level, table.c.cycle.label("run"), NOTICE.c.extensions, NOTICE.c.ticket_id,
            NOTICE.c.id.label("notice"), NOTICE.c.round, PROMISE.c.id.label("promise_id"),
            PROMISE.c.promise, PROMISE.c.cycle, PROMISE.c.extended_at]  # fmt: skip
    rows = bind.execute(
        sa.select(*mine)
        .join(PROMISE, PROMISE.c.id == table.c.promise_id)
        .join(NOTICE, (PROMISE.c.subject_kind == "notice") & (NOTICE.c.id == PROMISE.c.subject_id))
    ).all()
    granted = defaultdict(set)
    for row in rows:
        if row.run >= 100 and row.run % 100 < 50:
            granted[row.promise_id].add(row.run)
    for row in rows:
        later = sum(run > row.run for run in granted[row.promise_id])
        coded = (row.cycle * 10 + _extension(row, later)) * 10 + STEPS.index(row.promise)
        named = {"subject_kind": "notice", "subject_id": row.notice, "notice_id": row.notice,
                 "ticket_id": row.ticket_id, "cycle": coded if row.level else row.cycle}  # fmt: skip
        bind.execute(table.update().where(table.c.id == row.id).values(**named))


def _extension(row, later: int) -> int:
    """Under which extension a step was told: `later` more were granted since."""
    if row.run % 100 >= 50:
        return row.run // 100
    if row.run >= 100:
        return max(row.extensions - later, 1)
    goes_on = row.promise == "done" and row.cycle == row.round and row.extended_at is None
    return row.extensions if goes_on else 0


def _columns_again(bind) -> None:
    """The times of the round that goes on stand in the notice, and its next step has the alarm."""
    rows = defaultdict(dict)
    for row in bind.execute(sa.select(PROMISE).where(PROMISE.c.subject_kind == "notice")).all():
        rows[row.subject_id][row.cycle, row.promise] = row
    known = NOTICE.c.id, NOTICE.c.round, NOTICE.c.extensions, NOTICE.c.next_id
    for notice in bind.execute(sa.select(*known)).all():
        here = {step: r for (cycle, step), r in rows[notice.id].items() if cycle == notice.round}
        if not here:
            continue
        values = {f"{step}_due_at": row.due_at for step, row in here.items()}
        values |= {"limits": dict.fromkeys(STEPS, "") | {step: r.limit for (_c, step), r in rows[notice.id].items()}}
        values |= {"round_at": min(row.started_at for row in here.values() if row.started_at)}
        bind.execute(NOTICE.update().where(NOTICE.c.id == notice.id).values(**values))
        following = next((row for row in here.values() if row.id == notice.next_id), None)
        if following is not None:
            cycle = (notice.round * 10 + notice.extensions) * 10 + STEPS.index(following.promise)
            ours = (ALARM.c.kind == "promise") & (ALARM.c.subject_id == following.id)
            named = {"kind": "notice", "subject_id": notice.id, "cycle": cycle}
            bind.execute(ALARM.update().where(ours).values(**named))
