"""Lists by time read one stretch of an index, also far down"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_ticket_open_received": ("received_at", "closed_at IS NULL"),
    "ix_ticket_open_waiting": ("waiting_since", "closed_at IS NULL"),
    "ix_ticket_due": ("due_at", "due_at IS NOT NULL"),
    "ix_ticket_waiting": ("waiting_since", "waiting_since IS NOT NULL"),
}


def upgrade() -> None:
    for name, (column, of) in INDEXES.items():
        where = sa.text(of)
        op.create_index(
            name, "ticket", [column, "id"], sqlite_where=where, postgresql_where=where
        )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "ticket")
