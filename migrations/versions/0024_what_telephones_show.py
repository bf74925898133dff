"""What colleagues choose and what their telephones show; calls are written up by codes"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXT = {"nullable": False, "server_default": ""}


def upgrade() -> None:
    op.add_column("agent", sa.Column("presence_reason", sa.String(), **TEXT))
    op.add_column("agent", sa.Column("presence_at", MOMENT, nullable=True))
    op.add_column(
        "agent", sa.Column("presence_waits", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "agent", sa.Column("activity", sa.String(), nullable=False, server_default="idle")
    )
    op.add_column("agent", sa.Column("activity_at", MOMENT, nullable=True))
    op.add_column("phone_queue", sa.Column("codes", sa.String(), **TEXT))
    op.add_column("interaction", sa.Column("next_at", MOMENT, nullable=True))
    op.create_table(
        "wrap_up_code",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wrap_up_code"),
        sa.UniqueConstraint("code", name="uq_wrap_up_code_code"),
    )


def downgrade() -> None:
    op.drop_table("wrap_up_code")
    op.drop_column("interaction", "next_at")
    op.drop_column("phone_queue", "codes")
    for name in ("activity_at", "activity", "presence_waits", "presence_at", "presence_reason"):
        op.drop_column("agent", name)
