"""Who asks: people with any number of addresses."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clock import now
from helpdesk.db import Model, UtcTime


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
    created_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    version: Mapped[int] = mapped_column(default=1)
    addresses: Mapped[list[ContactAddress]] = relationship(
        back_populates="person", order_by="ContactAddress.id"
    )
    __mapper_args__ = {"version_id_col": version}

    def first(self, kind: str) -> str:
        """The first address of a kind (phone, email) as it was written, or ''."""
        return next((a.value for a in self.addresses if a.kind == kind), "")


class ContactAddress(Model):
    """A phone number or mail address; `normal` is the one writing that is compared (S6)."""

    __tablename__ = "contact_address"
    __table_args__ = (
        UniqueConstraint("kind", "normal"),
        Index("ix_contact_address_person", "person_id"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str]
    value: Mapped[str]
    normal: Mapped[str]
    person: Mapped[Person] = relationship(back_populates="addresses")
