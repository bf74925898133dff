"""Telephones that ring in the browser: who they are to the exchange"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("sip_user", "sip_secret"):
        op.add_column("phone_line", sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("sip_secret", "sip_user"):
        op.drop_column("phone_line", name)
