"""Mailboxes by consent, answers that wait, and lists that read one index"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
OPEN, CLOSED = sa.text("closed_at IS NULL"), sa.text("closed_at IS NOT NULL")
OPEN_ONLY = {"sqlite_where": OPEN, "postgresql_where": OPEN}
CLOSED_ONLY = {"sqlite_where": CLOSED, "postgresql_where": CLOSED}


def upgrade() -> None:
    op.create_table(
        "mail_release",
        sa.Column("sender", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sender", name="pk_mail_release"),
    )
    op.create_table(
        "opt_out",
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("out_at", MOMENT, nullable=False),
        sa.Column("back_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("address", name="pk_opt_out"),
    )
    op.create_table(
        "mail_grant",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("authorize_url", sa.String(), nullable=False),
        sa.Column("token_url", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("client_secret", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.String(), nullable=False),
        sa.Column("access_token", sa.String(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("given_at", MOMENT, nullable=True),
        sa.Column("over_since", MOMENT, nullable=True),
        sa.Column("over_why", sa.String(), nullable=False),
        sa.Column("refreshing_by", sa.String(), nullable=False),
        sa.Column("refreshing_until", MOMENT, nullable=True),
        sa.Column("state_hash", sa.String(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["mailbox.id"], name="fk_mail_grant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_grant"),
    )
    op.create_table(
        "sending",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name="fk_sending_message_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_sending_ticket_id"),
        sa.PrimaryKeyConstraint("message_id", name="pk_sending"),
    )
    op.create_index("ix_sending_ticket", "sending", ["ticket_id"])
    op.add_column("mailbox", sa.Column("proof_by", sa.String(), server_default="", nullable=False))
    op.add_column(
        "mailbox", sa.Column("per_minute", sa.Integer(), server_default="30", nullable=False)
    )
    op.add_column("message", sa.Column("held_until", MOMENT, nullable=True))
    op.add_column(
        "outbound_mail", sa.Column("domain", sa.String(), server_default="", nullable=False)
    )
    op.create_index("ix_outbound_mail_domain", "outbound_mail", ["domain", "made_at"])
    op.create_index("ix_outbound_mail_sent", "outbound_mail", ["mailbox", "sent_at"])
    _replace_index(
        "ix_ticket_open_queue",
        ["queue", "due_at", "id", "assignee_id", "status", "closed_at"],
        **OPEN_ONLY,
    )
    _replace_index("ix_ticket_closed", ["closed_at", "id"], **CLOSED_ONLY)


def downgrade() -> None:
    _replace_index("ix_ticket_closed", ["closed_at", "id"])
    _replace_index("ix_ticket_open_queue", ["queue", "id"], **OPEN_ONLY)
    op.drop_index("ix_outbound_mail_sent", "outbound_mail")
    op.drop_index("ix_outbound_mail_domain", "outbound_mail")
    for table, column in (
        ("outbound_mail", "domain"),
        ("message", "held_until"),
        ("mailbox", "per_minute"),
        ("mailbox", "proof_by"),
    ):
        op.drop_column(table, column)
    for table in ("sending", "mail_grant", "opt_out", "mail_release"):
        op.drop_table(table)


def _replace_index(name: str, columns: list[str], **only: object) -> None:
    op.drop_index(name, "ticket")
    op.create_index(name, "ticket", columns, **only)
