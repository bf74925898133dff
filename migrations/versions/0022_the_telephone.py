"""The telephone: calls, stays in queues, legs, talks, recordings, and what providers said of them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "phone_queue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("calendar", sa.String(), nullable=False),
        sa.Column("threshold", sa.Integer(), nullable=False),
        sa.Column("short_abandon", sa.Integer(), nullable=False),
        sa.Column("wrap_up", sa.Integer(), nullable=False),
        sa.Column("announces", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name="fk_phone_queue_department_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_queue"),
        sa.UniqueConstraint("code", name="uq_phone_queue_code"),
    )
    op.create_table(
        "phone_line",
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("extension", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_line_agent_id"),
        sa.PrimaryKeyConstraint("agent_id", name="pk_phone_line"),
        sa.UniqueConstraint("extension", name="uq_phone_line_extension"),
    )
    op.create_table(
        "phone_call",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("touched_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_phone_call_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_call"),
        sa.UniqueConstraint("provider", "external_id", name="uq_phone_call_provider_external_id"),
    )
    where = sa.text("ended_at IS NULL")
    op.create_index("ix_phone_call_lasting", "phone_call", ["id"], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_phone_call_number", "phone_call", ["number", "started_at"])
    op.create_index("ix_phone_call_person", "phone_call", ["person_id", "id"])
    op.create_index("ix_phone_call_started", "phone_call", ["started_at", "id"])
    op.create_index("ix_phone_call_touched", "phone_call", ["touched_at"])
    op.create_table(
        "phone_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("called", sa.String(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_event_agent_id"),
        sa.ForeignKeyConstraint(["call_id"], ["phone_call.id"], name="fk_phone_event_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_event"),
        sa.UniqueConstraint("provider", "external_id", "seq", name="uq_phone_event_provider_external_id_seq"),
    )
    op.create_index("ix_phone_event_at", "phone_event", ["at"])
    op.create_index("ix_phone_event_call", "phone_event", ["call_id"])
    op.create_table(
        "phone_stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("waited", sa.Double(), nullable=True),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_stay_agent_id"),
        sa.ForeignKeyConstraint(["call_id"], ["phone_call.id"], name="fk_phone_stay_call_id"),
        sa.ForeignKeyConstraint(["queue_id"], ["phone_queue.id"], name="fk_phone_stay_queue_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_phone_stay_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_stay"),
        sa.UniqueConstraint("call_id", "seq", name="uq_phone_stay_call_id_seq"),
    )
    op.create_index("ix_phone_stay_joined", "phone_stay", ["joined_at"])
    op.create_index("ix_phone_stay_queue", "phone_stay", ["queue_id", "joined_at"])
    op.create_index("ix_phone_stay_ticket", "phone_stay", ["ticket_id"])
    where = sa.text("state = 'waiting'")
    op.create_index("ix_phone_stay_waiting", "phone_stay", ["queue_id", "joined_at"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "phone_leg",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_phone_leg_agent_id"),
        sa.ForeignKeyConstraint(["call_id"], ["phone_call.id"], name="fk_phone_leg_call_id"),
        sa.ForeignKeyConstraint(["queue_id"], ["phone_queue.id"], name="fk_phone_leg_queue_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_leg"),
        sa.UniqueConstraint("call_id", "seq", name="uq_phone_leg_call_id_seq"),
    )
    op.create_index("ix_phone_leg_agent", "phone_leg", ["agent_id", "offered_at"])
    op.create_table(
        "interaction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("queue_id", sa.Integer(), nullable=True),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("held", sa.Double(), nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("transferred", sa.Boolean(), nullable=False),
        sa.Column("wrapped_at", MOMENT, nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("next_step", sa.String(), nullable=False),
        sa.Column("saved_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_interaction_agent_id"),
        sa.ForeignKeyConstraint(["call_id"], ["phone_call.id"], name="fk_interaction_call_id"),
        sa.ForeignKeyConstraint(["queue_id"], ["phone_queue.id"], name="fk_interaction_queue_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_interaction_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_interaction"),
        sa.UniqueConstraint("call_id", "seq", name="uq_interaction_call_id_seq"),
    )
    op.create_index("ix_interaction_agent", "interaction", ["agent_id", "began_at"])
    where = sa.text("ended_at IS NULL")
    op.create_index("ix_interaction_lasting", "interaction", ["agent_id"], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_interaction_score", "interaction", ["score", "id"])
    op.create_index("ix_interaction_ticket", "interaction", ["ticket_id"])
    op.create_table(
        "recording",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("attachment_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agent.id"], name="fk_recording_agent_id"),
        sa.ForeignKeyConstraint(["attachment_id"], ["attachment.id"], name="fk_recording_attachment_id"),
        sa.ForeignKeyConstraint(["call_id"], ["phone_call.id"], name="fk_recording_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("call_id", "seq", name="uq_recording_call_id_seq"),
    )
    op.create_table(
        "phone_callback",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("stay_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("queue_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("place_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["queue_id"], ["phone_queue.id"], name="fk_phone_callback_queue_id"),
        sa.ForeignKeyConstraint(["stay_id"], ["phone_stay.id"], name="fk_phone_callback_stay_id"),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name="fk_phone_callback_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_callback"),
        sa.UniqueConstraint("stay_id", name="uq_phone_callback_stay_id"),
    )
    op.create_index("ix_phone_callback_due", "phone_callback", ["state", "next_at"])


def downgrade() -> None:
    op.drop_table("phone_callback")
    op.drop_table("recording")
    op.drop_table("interaction")
    op.drop_table("phone_leg")
    op.drop_table("phone_stay")
    op.drop_table("phone_event")
    op.drop_table("phone_call")
    op.drop_table("phone_line")
    op.drop_table("phone_queue")
