"""Statistics of promises by the day on which they fall due"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_response_fell_due", "response", ["promise", "due_at", "ticket_id"])


def downgrade() -> None:
    op.drop_index("ix_response_fell_due", "response")
