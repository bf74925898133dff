"""Addresses are claimed or proven, may belong to several people, and stay with the case"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from helpdesk.customers.addresses import read
from helpdesk.core.errors import BadInput

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TEXT = {"nullable": False, "server_default": ""}
TEXTS = ("contact_kind", "contact", "contact_extension", "contact_name", "contact_proven_by")
SIGNED = ("token", "in_reply_to", "references")
BATCH = 1000


def upgrade() -> None:
    _add_columns()
    _take_over_addresses()
    _take_over_tickets()


def downgrade() -> None:
    with op.batch_alter_table("ticket") as table:
        for name in (*TEXTS, "contact_proven_at", "contact_others", "reply_to", "settled"):
            table.drop_column(name)
    with op.batch_alter_table("person") as table:
        table.drop_constraint("fk_person_known_as_id", type_="foreignkey")
        table.drop_column("known_as_id")
        table.drop_column("claimed")
    _keep_one_owner()
    op.drop_index("ix_contact_address_normal", "contact_address")
    op.create_index("ix_contact_address_person", "contact_address", ["person_id"])
    with op.batch_alter_table("contact_address") as table:
        table.drop_constraint("uq_contact_address_person_id_kind_normal_extension", type_="unique")
        table.create_unique_constraint("uq_contact_address_kind_normal", ["kind", "normal"])
        for name in ("extension", "proven_at", "proven_by"):
            table.drop_column(name)


def _add_columns() -> None:
    with op.batch_alter_table("ticket") as table:
        for name in (*TEXTS, "reply_to"):
            table.add_column(sa.Column(name, sa.String(), **TEXT))
        table.add_column(sa.Column("contact_proven_at", MOMENT))
        table.add_column(_json("contact_others"))
        table.add_column(_flag("settled", sa.true()))
    with op.batch_alter_table("person") as table:
        table.add_column(_flag("claimed", sa.false()))
        table.add_column(sa.Column("known_as_id", sa.Integer()))
        table.create_foreign_key("fk_person_known_as_id", "person", ["known_as_id"], ["id"])
    with op.batch_alter_table("contact_address") as table:
        table.drop_constraint("uq_contact_address_kind_normal", type_="unique")
        table.add_column(sa.Column("extension", sa.String(), **TEXT))
        table.add_column(sa.Column("proven_at", MOMENT))
        table.add_column(sa.Column("proven_by", sa.String(), **TEXT))
        table.create_unique_constraint(
            "uq_contact_address_person_id_kind_normal_extension",
            ["person_id", "kind", "normal", "extension"],
        )
    op.drop_index("ix_contact_address_person", "contact_address")
    op.create_index(
        "ix_contact_address_normal", "contact_address", ["kind", "normal", "person_id"]
    )


def _flag(name: str, default: sa.ColumnElement[bool]) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=default)


def _json(name: str) -> sa.Column[str]:
    return sa.Column(name, JSON, nullable=False, server_default="[]")


JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
ADDRESS = sa.table(
    "contact_address",
    *(sa.column(name) for name in ("id", "person_id", "kind", "value", "normal", "extension")),
    sa.column("proven_at", MOMENT),
    sa.column("proven_by"),
)
TICKET = sa.table(
    "ticket",
    *(sa.column(name) for name in ("id", "person_id", "channel", "reply_to", *TEXTS)),
    sa.column("contact_proven_at", MOMENT),
)
MESSAGE = sa.table(
    "message",
    *(sa.column(name) for name in ("id", "ticket_id", "kind", "channel", "author")),
    sa.column("data", JSON),
    sa.column("at", MOMENT),
)


def _take_over_addresses() -> None:
    """Numbers with a glued extension are read anew; what a mail has proven is proven."""
    here = op.get_bind()
    _read_numbers_anew()
    for (person_id, mail), (at, by) in _proofs().items():
        mine = (ADDRESS.c.person_id == person_id) & (ADDRESS.c.kind == "email")
        here.execute(
            sa.update(ADDRESS)
            .where(mine, ADDRESS.c.normal == mail)
            .values(proven_at=at, proven_by=by)
        )


def _read_numbers_anew() -> None:
    """Two rows of one person that turn out to be one number are one row: the older stays."""
    here = op.get_bind()
    phones = here.execute(sa.select(ADDRESS).where(ADDRESS.c.kind == "phone").order_by(ADDRESS.c.id)).all()
    told = {row.id: _number(row) for row in phones}
    kept: dict[tuple[int, str, str], int] = {}
    for row in phones:
        kept.setdefault((row.person_id, *told[row.id]), row.id)
    twins = set(told) - set(kept.values())
    for row_id in twins:
        here.execute(sa.delete(ADDRESS).where(ADDRESS.c.id == row_id))
    for row in phones:
        if row.id not in twins and told[row.id] != (row.normal, row.extension):
            values = dict(zip(("normal", "extension"), told[row.id], strict=True))
            here.execute(sa.update(ADDRESS).where(ADDRESS.c.id == row.id).values(values))


def _number(row: sa.Row) -> tuple[str, str]:
    """Number and extension of a row as they are read today; as they were where nobody can."""
    try:
        told = read("phone", row.value)
    except BadInput:
        return row.normal, row.extension
    return told.normal, told.extension


def _proofs() -> dict[tuple[int, str], tuple[datetime, str]]:
    """(person, address) of mails that our mail server or a signature of ours had proven."""
    query = (
        sa.select(MESSAGE.c.data, MESSAGE.c.at, TICKET.c.person_id)
        .join(TICKET, TICKET.c.id == MESSAGE.c.ticket_id)
        .where(MESSAGE.c.kind == "customer", MESSAGE.c.channel == "email")
    )
    found: dict[tuple[int, str], tuple[datetime, str]] = {}
    for data, at, person_id in op.get_bind().execute(query.order_by(MESSAGE.c.id)):
        said = json.loads(data) if isinstance(data, str) else data or {}
        signed = (said.get("why") or {}).get("rule") in SIGNED and not said.get("automatic")
        by = "dmarc" if said.get("proof") == "pass" else "token" if signed else ""
        if by:
            key = (person_id, str(said.get("from", "")).lower())
            found.setdefault(key, (at or datetime.now(UTC), by))
    return found


def _take_over_tickets() -> None:
    """Each case came from its first mail's sender, else from its customer's address of that kind."""
    here, last = op.get_bind(), 0
    while rows := here.execute(
        sa.select(TICKET).where(TICKET.c.id > last).order_by(TICKET.c.id).limit(BATCH)
    ).all():
        last = rows[-1].id
        first, known = _first_messages(rows), _addresses_of(rows)
        values = [_columns_of(row, first.get(row.id), known.get(row.person_id, [])) for row in rows]
        here.execute(
            sa.update(TICKET)
            .where(TICKET.c.id == sa.bindparam("row_id"))
            .values({name: sa.bindparam(name) for name in (*TEXTS, "contact_proven_at", "reply_to")}),
            values,
        )


def _first_messages(tickets: list[sa.Row]) -> dict[int, sa.Row]:
    ids = [row.id for row in tickets]
    query = sa.select(MESSAGE).where(MESSAGE.c.ticket_id.in_(ids)).order_by(MESSAGE.c.id.desc())
    return {row.ticket_id: row for row in op.get_bind().execute(query)}


def _addresses_of(tickets: list[sa.Row]) -> dict[int, list[sa.Row]]:
    ids = {row.person_id for row in tickets}
    found: dict[int, list[sa.Row]] = {}
    query = sa.select(ADDRESS).where(ADDRESS.c.person_id.in_(ids)).order_by(ADDRESS.c.id)
    for row in op.get_bind().execute(query):
        found.setdefault(row.person_id, []).append(row)
    return found


def _columns_of(ticket: sa.Row, first: sa.Row | None, known: list[sa.Row]) -> dict[str, object]:
    mails = [row for row in known if row.kind == "email"]
    phones = [row for row in known if row.kind == "phone"]
    in_order = [*phones, *mails] if ticket.channel in ("phone", "counter") else [*mails, *phones]
    sender = _sender(first) if ticket.channel == "email" else ""
    at = next((row for row in in_order if row.normal == sender), None)
    at = at or (None if sender else next(iter(in_order), None))
    return {
        "row_id": ticket.id,
        "contact_kind": "email" if sender else at.kind if at else "",
        "contact": sender or (at.normal if at else ""),
        "contact_extension": at.extension if at else "",
        "contact_name": first.author if first else "",
        "contact_proven_at": at.proven_at if at else None,
        "contact_proven_by": at.proven_by if at else "",
        "reply_to": sender or (mails[0].normal if mails else ""),
    }


def _sender(message: sa.Row | None) -> str:
    data = message.data if message is not None else {}
    said = json.loads(data) if isinstance(data, str) else data or {}
    return str(said.get("from", "")).lower()


def _keep_one_owner() -> None:
    """Before an address could belong to several: the oldest row stays."""
    other = sa.alias(ADDRESS, "other")
    older = sa.exists().where(
        other.c.kind == ADDRESS.c.kind,
        other.c.normal == ADDRESS.c.normal,
        other.c.id < ADDRESS.c.id,
    )
    op.get_bind().execute(sa.delete(ADDRESS).where(older))
