"""API tokens with scopes, a last day and a rate of their own"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("api_token") as table:
        table.add_column(sa.Column("scopes", JSON, nullable=False, server_default="[]"))
        table.add_column(sa.Column("rate", sa.Integer(), nullable=False, server_default="60000"))
        table.add_column(sa.Column("expires_at", MOMENT, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_token") as table:
        for name in ("expires_at", "rate", "scopes"):
            table.drop_column(name)
