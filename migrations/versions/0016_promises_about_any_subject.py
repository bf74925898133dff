"""Promises name what they are about: a kind and its id"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = sa.text("state IN ('running', 'paused')")


def upgrade() -> None:
    about = [
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
    ]
    _table("promise", about, sa.UniqueConstraint(
        "subject_kind", "subject_id", "promise", "cycle", "part",
        name="uq_promise_subject_kind_subject_id_promise_cycle_part",
    ))  # fmt: skip
    _copy("promise", "subject_kind, subject_id", "response", "'ticket', ticket_id")
    op.drop_table("response")
    op.create_index(
        "ix_promise_fell_due", "promise", ["subject_kind", "promise", "due_at", "subject_id"]
    )
    op.create_index(
        "ix_promise_open_due", "promise", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    _rename("response", "promise")


def downgrade() -> None:
    about = [sa.Column("ticket_id", sa.Integer(), nullable=False)]
    _table("response", about, sa.UniqueConstraint(
        "ticket_id", "promise", "cycle", "part",
        name="uq_response_ticket_id_promise_cycle_part",
    ), sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_response_ticket_id"))  # fmt: skip
    _copy("response", "ticket_id", "promise", "subject_id", "WHERE subject_kind = 'ticket'")
    op.drop_table("promise")
    op.create_index("ix_response_fell_due", "response", ["promise", "due_at", "ticket_id"])
    op.create_index(
        "ix_response_open_due", "response", ["due_at"], sqlite_where=OPEN, postgresql_where=OPEN
    )
    _rename("promise", "response")


def _table(name: str, about: list[sa.Column], *constraints: sa.Constraint) -> None:
    owner = ["owner_department_id"], ["department.id"]
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        *about,
        *_columns(),
        sa.ForeignKeyConstraint(*owner, name=f"fk_{name}_owner_department_id"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        *constraints,
    )


def _columns() -> list[sa.Column]:
    return [
        sa.Column("promise", sa.String(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("owner_department_id", sa.Integer(), nullable=True),
        sa.Column("owner_name", sa.String(), nullable=False),
        sa.Column("limit", sa.String(), nullable=False),
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("calendar_version", sa.Integer(), nullable=False),
        sa.Column("bound", sa.String(), nullable=False),
        sa.Column("latest_at", MOMENT, nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=True),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("extended_to", MOMENT, nullable=True),
        sa.Column("extended_at", MOMENT, nullable=True),
        sa.Column("paused_at", MOMENT, nullable=True),
        sa.Column("pauses", JSON, nullable=False),
        sa.Column("warned_at", MOMENT, nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("met_at", MOMENT, nullable=True),
        sa.Column("taken", sa.Integer(), nullable=True),
        sa.Column("met_by", sa.String(), nullable=False),
        sa.Column("done", sa.String(), nullable=False),
    ]


def _copy(to: str, about: str, of: str, was: str, only: str = "") -> None:
    """The rows keep their ids: alarms, steps and the journal name them."""
    same = ", ".join(f'"{column.name}"' for column in _columns())
    op.execute(f"INSERT INTO {to} (id, {about}, {same}) SELECT id, {was}, {same} FROM {of} {only}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"SELECT setval(pg_get_serial_sequence('{to}', 'id'), "
            f"coalesce((SELECT max(id) FROM {to}), 0) + 1, false)"
        )


def _rename(was: str, now: str) -> None:
    """What alarms, steps and reminders call a promise."""
    op.execute(f"UPDATE alarm SET kind = '{now}' WHERE kind = '{was}'")
    for table in ("escalation", "reminder"):
        op.execute(f"UPDATE {table} SET subject_kind = '{now}' WHERE subject_kind = '{was}'")
