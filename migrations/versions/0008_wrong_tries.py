"""Wrong passwords make the next try wait longer, and their owner sees them"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("DELETE FROM rate_limit")
    op.add_column("rate_limit", sa.Column("free_at", MOMENT, nullable=True))
    op.create_table(
        "wrong_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_wrong_try_agent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_wrong_try"),
    )
    op.create_index("ix_wrong_try_agent_id", "wrong_try", ["agent_id"])


def downgrade() -> None:
    op.drop_table("wrong_try")
    op.drop_column("rate_limit", "free_at")
