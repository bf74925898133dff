"""The outbox is called what it holds: envelopes of letters by any medium"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _rename("outbound_mail", "envelope")


def downgrade() -> None:
    _rename("envelope", "outbound_mail")


def _rename(was: str, now: str) -> None:
    """The table, and whatever bears its name: constraints, indexes, the counter of its ids."""
    if op.get_bind().dialect.name == "postgresql":
        _rename_in_place(was, now)
    else:
        _write_anew(was, now)


def _rename_in_place(was: str, now: str) -> None:
    op.rename_table(was, now)
    op.execute(f"ALTER SEQUENCE {was}_id_seq RENAME TO {now}_id_seq")
    for name in _names(f"SELECT conname FROM pg_constraint WHERE conrelid = '{now}'::regclass"):
        op.execute(f'ALTER TABLE {now} RENAME CONSTRAINT "{name}" TO "{name.replace(was, now)}"')
    for name in _names(f"SELECT indexname FROM pg_indexes WHERE tablename = '{now}'"):
        if was in name:
            op.execute(f'ALTER INDEX "{name}" RENAME TO "{name.replace(was, now)}"')


def _write_anew(was: str, now: str) -> None:
    """SQLite keeps the names of constraints as they were first written."""
    held = f"FROM sqlite_master WHERE tbl_name = '{was}' AND sql IS NOT NULL"
    table, *indexes = _names(f"SELECT sql {held} ORDER BY type DESC")
    run = op.get_bind().exec_driver_sql
    run(table.replace(was, now))
    op.execute(f"INSERT INTO {now} SELECT * FROM {was}")
    op.drop_table(was)
    for index in indexes:
        run(index.replace(was, now))


def _names(query: str) -> list[str]:
    return list(op.get_bind().scalars(sa.text(query)))
