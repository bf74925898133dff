"""What admins set: categories, routing rules, the promise policy, chains, canned replies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.clock import now
from helpdesk.core.db import JsonData, Model, TwoNames, UtcTime


class Category(TwoNames, Model):
    """A node of the three-level tree. `path` is '/1/5/12/': a subtree is a prefix."""

    __tablename__ = "category"
    __table_args__ = (Index("ix_category_path", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    code: Mapped[str] = mapped_column(unique=True)
    path: Mapped[str] = mapped_column(default="")
    severity: Mapped[str | None]  # the severity a ticket starts with
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    public: Mapped[bool] = mapped_column(default=True)  # offered on the public form
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    @property
    def level(self) -> int:
        """How deep it lies in the tree: 1 to 3."""
        return self.path.count("/") - 1


class RoutingRule(Model):
    """First match wins, in the order of `position`. Empty conditions match everything."""

    __tablename__ = "routing_rule"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))  # with its subtree
    place: Mapped[str] = mapped_column(default="")
    channel: Mapped[str] = mapped_column(default="")
    words: Mapped[str] = mapped_column(default="")  # any of these, parted by commas
    level: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    severity: Mapped[str] = mapped_column(default="")
    dispatch: Mapped[bool] = mapped_column(default=False)  # accept and dispatch without a person
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class PolicyVersion(Model):
    """One edition of the promise policy; open rows remember the edition they were made from."""

    __tablename__ = "policy_version"
    id: Mapped[int] = mapped_column(primary_key=True)
    note: Mapped[str] = mapped_column(default="")
    made_by: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime] = mapped_column(UtcTime, default=now)
    active: Mapped[bool] = mapped_column(default=False)


class PolicyRow(Model):
    """severity x category x channel x kind -> one promise. Empty means any; the closest wins."""

    __tablename__ = "policy_row"
    __table_args__ = (Index("ix_policy_row_version", "version_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("policy_version.id"))
    promise: Mapped[str]
    severity: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(default="")
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id"))
    channel: Mapped[str] = mapped_column(default="")
    limit: Mapped[str]  # '2 wh', '5 wd', '24 h', '3 cd'; '' = this promise is not made
    owner: Mapped[str]  # desk, department, supervisor
    chain: Mapped[str] = mapped_column(default="standard")
    profile: Mapped[str] = mapped_column(default="")  # the rule of law that it came from


class LegalProfile(TwoNames, Model):
    """A deadline of law or of a regulator, as data: an admin may switch it on for some cases."""

    __tablename__ = "legal_profile"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    rule: Mapped[str]
    promise: Mapped[str]
    limit: Mapped[str]
    source: Mapped[str]
    sure: Mapped[bool] = mapped_column(default=False)  # the source was confirmed


class EscalationChain(Model):
    """At which share of the clock whom to tell: [{"at": 50, "tell": ["owner"]}, ...]."""

    __tablename__ = "escalation_chain"
    code: Mapped[str] = mapped_column(primary_key=True)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JsonData)


class CannedReply(Model):
    """A text that agents insert: both languages, named placeholders, optionally one department's."""

    __tablename__ = "canned_reply"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    title_zh: Mapped[str]
    title_en: Mapped[str]
    body_zh: Mapped[str]
    body_en: Mapped[str]
    department_id: Mapped[int | None] = mapped_column(ForeignKey("department.id"))
    active: Mapped[bool] = mapped_column(default=True)
    uses: Mapped[int] = mapped_column(default=0)
