"""A letter says which medium carries it"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("medium", sa.String(), nullable=False, server_default="email")
    op.add_column("outbound_mail", column)


def downgrade() -> None:
    op.execute("DELETE FROM outbound_mail WHERE medium <> 'email'")
    op.drop_column("outbound_mail", "medium")
