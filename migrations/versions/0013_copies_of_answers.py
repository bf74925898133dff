"""Answers go to further people on purpose"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("outbound_mail", sa.Column("copies", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("outbound_mail", "copies")
