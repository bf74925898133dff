"""Letters to colleagues are told apart from those to customers"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TO_COLLEAGUES = (
    "escalation", "digest", "hold_over", "notice", "lost", "article", "calendar", "consent",
)  # fmt: skip


def upgrade() -> None:
    column = sa.Column("internal", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("outbound_mail", column)
    mails = sa.table("outbound_mail", sa.column("purpose"), sa.column("internal"))
    op.execute(mails.update().where(mails.c.purpose.in_(TO_COLLEAGUES)).values(internal=True))


def downgrade() -> None:
    op.drop_column("outbound_mail", "internal")
