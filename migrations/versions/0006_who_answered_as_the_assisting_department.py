"""Who answered as the assisting department"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("answered_by", sa.String(), nullable=False, server_default="")
    op.add_column("assist", column)


def downgrade() -> None:
    with op.batch_alter_table("assist") as table:
        table.drop_column("answered_by")
