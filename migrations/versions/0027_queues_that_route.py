"""Skills of colleagues, what queues want, closing by hand, and the language chosen in the menu"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

TEXT = {"nullable": False, "server_default": ""}


def upgrade() -> None:
    op.add_column("agent", sa.Column("skills", sa.String(), **TEXT))
    op.add_column("phone_queue", sa.Column("skills", sa.String(), **TEXT))
    op.add_column(
        "phone_queue", sa.Column("most_times", sa.Integer(), nullable=False, server_default="3")
    )
    op.add_column(
        "phone_queue", sa.Column("closed_until", sa.DateTime(timezone=True), nullable=True)
    )
    op.add_column("phone_call", sa.Column("language", sa.String(), **TEXT))


def downgrade() -> None:
    op.drop_column("phone_call", "language")
    for name in ("closed_until", "most_times", "skills"):
        op.drop_column("phone_queue", name)
    op.drop_column("agent", "skills")
