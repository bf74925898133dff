"""A letter says which medium carries it, and whether a case needs it"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("medium", sa.String(), nullable=False, server_default="email")
    op.add_column("outbound_mail", column)
    column = sa.Column("optional", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("outbound_mail", column)
    mails = sa.table("outbound_mail", sa.column("purpose"), sa.column("optional"))
    op.execute(mails.update().where(mails.c.purpose == "survey").values(optional=True))


def downgrade() -> None:
    op.execute("DELETE FROM outbound_mail WHERE medium <> 'email'")
    op.drop_column("outbound_mail", "optional")
    op.drop_column("outbound_mail", "medium")
