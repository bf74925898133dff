"""The same key gives the same for every request, not only for new tickets"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("idempotency_key") as table:
        table.alter_column("ticket_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("made_id", sa.Integer(), nullable=True))
        table.create_index("ix_idempotency_key_at", ["at"])


def downgrade() -> None:
    op.execute("DELETE FROM idempotency_key WHERE ticket_id IS NULL")
    with op.batch_alter_table("idempotency_key") as table:
        table.drop_index("ix_idempotency_key_at")
        table.drop_column("made_id")
        table.alter_column("ticket_id", existing_type=sa.Integer(), nullable=False)
