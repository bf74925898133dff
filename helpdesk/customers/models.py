"""Who asks: people with any number of addresses."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.core.db import Model, UtcTime
from helpdesk.customers.addresses import shown


class Person(Model):
    """A customer. One name field; `level` drives routing (plain, silver, gold, vip)."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(default="")
    organisation: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="zh_Hans")
    level: Mapped[str] = mapped_column(default="plain")
    note: Mapped[str] = mapped_column(default="")
    do_not_call: Mapped[bool] = mapped_column(default=False)
    claimed: Mapped[bool] = mapped_column(default=False)  # one case's own words, proven by nothing
    known_as_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # found to be them
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    version: Mapped[int] = mapped_column(default=1)
    addresses: Mapped[list[ContactAddress]] = relationship(
        back_populates="person", order_by="ContactAddress.id"
    )
    __mapper_args__ = {"version_id_col": version}

    def address(self, kind: str) -> ContactAddress | None:
        """The first address of a kind by which they are reached: a proven one, or any."""
        return first_of(self.addresses, kind)


class ContactAddress(Model):
    """A phone number or mail address; `normal` is the one writing that is compared.

    It may belong to several people. It is only claimed until `proven_by` says what has proven it:
    colleague, dmarc, token (of ours, mailed there), link (mailed there).
    """

    __tablename__ = "contact_address"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "normal", "extension"),
        Index("ix_contact_address_normal", "kind", "normal", "person_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    value: Mapped[str]
    normal: Mapped[str]
    extension: Mapped[str] = mapped_column(default="")
    proven_at: Mapped[datetime | None] = mapped_column(UtcTime)
    proven_by: Mapped[str] = mapped_column(default="")
    person: Mapped[Person] = relationship(back_populates="addresses")

    @property
    def shown(self) -> str:
        """The address for the eye, in the language in force."""
        return shown(self.kind, self.normal if self.kind == "phone" else self.value, self.extension)


def first_of(addresses: Iterable[ContactAddress], kind: str) -> ContactAddress | None:
    """Of one person's addresses (or their plain rows, the oldest first) the one of this kind by which
    they are reached."""
    mine = [each for each in addresses if each.kind == kind]
    return min(mine, key=lambda each: not each.proven_by, default=None)
