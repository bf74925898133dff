"""Which process speaks for a telephone system, what it is asked to do, who sits in its queues"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = sa.text("state IN ('waiting', 'taken')")


def upgrade() -> None:
    op.add_column("phone_line", sa.Column("paused", sa.String(), nullable=True))
    op.create_table(
        "phone_member",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("there", sa.Boolean(), nullable=False),
        sa.Column("penalty", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_member_agent_id"),
        sa.PrimaryKeyConstraint("agent_id", "queue", name="pk_phone_member"),
    )
    op.create_table(
        "phone_exchange",
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("heard_at", MOMENT, nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("provider", name="pk_phone_exchange"),
    )
    op.create_table(
        "phone_command",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_command_agent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_command"),
    )
    op.create_index(
        "ix_phone_command_open",
        "phone_command",
        ["provider", "id"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def downgrade() -> None:
    op.drop_table("phone_command")
    op.drop_table("phone_exchange")
    op.drop_table("phone_member")
    op.drop_column("phone_line", "paused")
