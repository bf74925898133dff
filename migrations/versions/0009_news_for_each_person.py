"""Each person's news: what happened on their cases and notices, and when they looked"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
UNSEEN = sa.text("seen_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "news",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("event_seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("notice_id", sa.Integer(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_news_agent_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_news_ticket_id"),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_news_notice_id"),
        sa.PrimaryKeyConstraint("id", name="pk_news"),
        sa.UniqueConstraint("agent_id", "event_seq", name="uq_news_agent_id_event_seq"),
    )
    op.create_index("ix_news_agent", "news", ["agent_id", "id"])
    op.create_index(
        "ix_news_unseen",
        "news",
        ["agent_id", "ticket_id"],
        sqlite_where=UNSEEN,
        postgresql_where=UNSEEN,
    )


def downgrade() -> None:
    op.drop_table("news")
