"""Lists by the deadline that an authority has set"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SET = sa.text("external_due_at IS NOT NULL")


def upgrade() -> None:
    op.create_index(
        "ix_ticket_external_due",
        "ticket",
        ["external_due_at", "id"],
        sqlite_where=SET,
        postgresql_where=SET,
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_external_due", "ticket")
