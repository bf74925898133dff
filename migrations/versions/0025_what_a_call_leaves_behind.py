"""What a call leaves behind: its recordings' files, low scores that wait to be read, blocked callers"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NO = {"nullable": False, "server_default": sa.false()}


def upgrade() -> None:
    op.add_column(
        "phone_queue",
        sa.Column("recording_days", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column("phone_call", sa.Column("consent", sa.Boolean(), nullable=True))
    op.add_column("phone_call", sa.Column("blocked", sa.Boolean(), **NO))
    op.add_column("interaction", sa.Column("score_read_at", MOMENT, nullable=True))
    with op.batch_alter_table("recording") as table:
        table.add_column(sa.Column("queue_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("voicemail", sa.Boolean(), **NO))
        table.add_column(sa.Column("next_at", MOMENT, nullable=True))
        table.add_column(sa.Column("size", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("seconds", sa.Double(), nullable=True))
        table.add_column(sa.Column("ticket_id", sa.Integer(), nullable=True))
        table.create_foreign_key("fk_recording_queue_id", "phone_queue", ["queue_id"], ["id"])
        table.create_foreign_key("fk_recording_ticket_id", "ticket", ["ticket_id"], ["id"])
    op.create_index("ix_recording_ticket", "recording", ["ticket_id"])
    op.create_index("ix_recording_kept", "recording", ["state", "queue_id", "at"])
    for name, table, column, rows in PARTIAL:
        where = sa.text(rows)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "blocked_caller",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blocked_caller"),
        sa.UniqueConstraint("number", name="uq_blocked_caller_number"),
    )


PARTIAL = (
    ("ix_interaction_low", "interaction", "id", "score <= 2 AND score_read_at IS NULL"),
    ("ix_phone_command_pauses", "phone_command", "asked_at", "verb = 'record_pause'"),
)


def downgrade() -> None:
    op.drop_table("blocked_caller")
    for name, table, _column, _rows in PARTIAL:
        op.drop_index(name, table)
    op.drop_index("ix_recording_kept", "recording")
    op.drop_index("ix_recording_ticket", "recording")
    with op.batch_alter_table("recording") as table:
        for name in ("queue_id", "ticket_id"):
            table.drop_constraint(f"fk_recording_{name}", type_="foreignkey")
        for name in ("ticket_id", "seconds", "size", "next_at", "voicemail", "queue_id"):
            table.drop_column(name)
    op.drop_column("interaction", "score_read_at")
    for name in ("blocked", "consent"):
        op.drop_column("phone_call", name)
    op.drop_column("phone_queue", "recording_days")
