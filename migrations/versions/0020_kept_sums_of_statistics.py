"""Statistics are kept as sums by day and month; they fill in the background"""

import sqlalchemy as sa
from alembic import op

from helpdesk.core.db import JsonData, UtcTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_fact",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("told", JsonData, nullable=False),
        sa.Column("turns_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_case_fact")),
    )
    op.create_index("ix_case_fact_turns_at", "case_fact", ["turns_at"])
    names = ("by", "key", "level", "first", "last")
    op.create_table(
        "day_sum",
        *(sa.Column(name, sa.String(), nullable=False) for name in names),
        sa.Column("counts", JsonData, nullable=False),
        sa.PrimaryKeyConstraint(*names, name=op.f("pk_day_sum")),
    )
    op.create_table(
        "folded",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folded")),
    )


def downgrade() -> None:
    for name in ("folded", "day_sum", "case_fact"):
        op.drop_table(name)
