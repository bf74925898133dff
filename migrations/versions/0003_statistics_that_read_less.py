"""Statistics that read only the tickets of their period"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN, MERGED = sa.text("closed_at IS NULL"), sa.text("merged_into_id IS NOT NULL")


def upgrade() -> None:
    _replace_index("ix_ticket_merged", ["merged_into_id"], MERGED)
    _replace_index(
        "ix_ticket_open_due", ["due_at", "id", "received_at", "merged_into_id", "closed_at"], OPEN
    )


def downgrade() -> None:
    _replace_index("ix_ticket_open_due", ["due_at", "id"], OPEN)
    _replace_index("ix_ticket_merged", ["merged_into_id"])


def _replace_index(name: str, columns: list[str], only: sa.TextClause | None = None) -> None:
    op.drop_index(name, "ticket")
    op.create_index(name, "ticket", columns, sqlite_where=only, postgresql_where=only)
