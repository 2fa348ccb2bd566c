"""Queues, agents, and who got which ticket."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0030"
down_revision = "0023"
branch_labels = None
depends_on = None

WAITING = (
    "queue_id IS NOT NULL AND owner_id IS NULL AND deleted_at IS NULL"
    " AND status_kind NOT IN ('solved', 'closed')"
)
# What waits and whose shift ends is looked for in every organisation by duties that are bound to none: they
# learn ids and no more, through these functions alone (as of the timers, see 0004).
LOOKING = f"""
CREATE POLICY waiting ON tickets FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND {WAITING});
CREATE POLICY assigning ON queues FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL
    AND strategy <> 'manual' AND deleted_at IS NULL);
CREATE POLICY shifting ON agents FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND shift_ends_at <= now());
CREATE FUNCTION queues_to_assign(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT q.organisation_id, q.id FROM queues q
    WHERE q.strategy <> 'manual' AND q.deleted_at IS NULL AND EXISTS (
      SELECT 1 FROM tickets t WHERE t.organisation_id = q.organisation_id AND t.queue_id = q.id
        AND t.queue_id IS NOT NULL AND t.owner_id IS NULL AND t.deleted_at IS NULL
        AND t.status_kind NOT IN ('solved', 'closed'))
    ORDER BY random() LIMIT most
$$;
CREATE FUNCTION shifts_that_ended(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT a.organisation_id, a.id FROM agents a
    WHERE a.shift_ends_at IS NOT NULL AND a.shift_ends_at <= now() ORDER BY a.shift_ends_at LIMIT most
$$;
REVOKE ALL ON FUNCTION queues_to_assign(integer) FROM PUBLIC;
REVOKE ALL ON FUNCTION shifts_that_ended(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queues_to_assign(integer) TO tickets;
GRANT EXECUTE ON FUNCTION shifts_that_ended(integer) TO tickets;
"""
# What tickets show has three new parts.
SHOWN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
UPDATE tickets SET as_shown =
  (as_shown::jsonb || '{"queue_id": null, "queued_at": null, "taken_at": null}')::text;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "agents",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column(
            "skills",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "languages", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("load_limit", sa.BigInteger(), nullable=True),
        sa.Column("is_available", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("shifts", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("shift_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("load_limit > 0", name=op.f("ck_agents_load_limit")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_agents")),
    )
    op.create_index(
        "ix_agents_shift_ends_at",
        "agents",
        ["shift_ends_at"],
        unique=False,
        postgresql_where=sa.text("shift_ends_at IS NOT NULL"),
    )
    op.create_index(
        "uq_agents_organisation_id_owner_id",
        "agents",
        ["organisation_id", "owner_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "queues",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("filter_groups", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("strategy", sa.Text(), server_default="manual", nullable=False),
        sa.Column(
            "skills",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "languages", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("load_limit", sa.BigInteger(), nullable=True),
        sa.Column("on_shift_end", sa.Text(), server_default="keep", nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "on_shift_end IN ('keep', 'return', 'hand_over')", name=op.f("ck_queues_on_shift_end")
        ),
        sa.CheckConstraint(
            "strategy IN ('manual', 'round_robin', 'least_loaded', 'by_skill')",
            name=op.f("ck_queues_strategy"),
        ),
        sa.CheckConstraint("load_limit > 0", name=op.f("ck_queues_load_limit")),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_queues")),
        sa.UniqueConstraint(
            "organisation_id", "id", "team_id", name=op.f("uq_queues_organisation_id_id_team_id")
        ),
    )
    op.create_index(
        "ix_queues_assigning",
        "queues",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("strategy <> 'manual' AND deleted_at IS NULL"),
    )
    op.create_index(
        "uq_queues_organisation_id_name",
        "queues",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "ticket_assignments",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("turn", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("queue_id", sa.Uuid(), nullable=True),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("before_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column(
            "reason",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "means IN ('claim', 'round_robin', 'least_loaded', 'by_skill', 'return', 'hand_over')",
            name=op.f("ck_ticket_assignments_means"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "queue_id"],
            ["queues.organisation_id", "queues.id"],
            name=op.f("fk_ticket_assignments_organisation_id_queue_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_assignments_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_assignments")),
    )
    op.create_index(
        "ix_ticket_assignments_ticket",
        "ticket_assignments",
        ["organisation_id", "ticket_id", "turn"],
        unique=False,
    )
    op.create_index(
        "ix_ticket_assignments_turns",
        "ticket_assignments",
        ["organisation_id", "queue_id", "assignee_id", "turn"],
        unique=False,
        postgresql_where=sa.text("means = 'round_robin'"),
    )
    op.add_column("tickets", sa.Column("queue_id", sa.Uuid(), nullable=True))
    op.add_column("tickets", sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_tickets_load",
        "tickets",
        ["organisation_id", "owner_id"],
        unique=False,
        postgresql_where=sa.text("status_kind IN ('new', 'open') AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_organisation_id_queue_id",
        "tickets",
        ["organisation_id", "queue_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("queue_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_waiting",
        "tickets",
        ["organisation_id", "queue_id", "priority_rank", "sla_due_at", "queued_at", "id"],
        unique=False,
        postgresql_where=sa.text(
            "queue_id IS NOT NULL AND owner_id IS NULL AND deleted_at IS NULL AND status_kind NOT IN ('solved', 'closed')"
        ),
    )
    op.create_foreign_key(
        op.f("fk_tickets_organisation_id_queue_id_team_id"),
        "tickets",
        "queues",
        ["organisation_id", "queue_id", "team_id"],
        ["organisation_id", "id", "team_id"],
    )
    op.create_index(
        "ix_tickets_queue_undone",
        "tickets",
        ["organisation_id", "queue_id", "priority_rank", "id"],
        unique=False,
        postgresql_where=sa.text(
            "queue_id IS NOT NULL AND status_kind NOT IN ('solved', 'closed') AND deleted_at IS NULL"
        ),
    )
    op.create_check_constraint(
        op.f("ck_tickets_queued_at"), "tickets", "(queue_id IS NULL) = (queued_at IS NULL)"
    )
    op.create_check_constraint(
        op.f("ck_tickets_queue"), "tickets", "queue_id IS NULL OR team_id IS NOT NULL"
    )
    op.create_check_constraint(
        op.f("ck_tickets_taken_at"), "tickets", "taken_at IS NULL OR queue_id IS NOT NULL"
    )
    secure("queues", "agents", "ticket_assignments")
    execute_script(LOOKING)
    execute_script(SHOWN)


def downgrade() -> None:
    op.execute("DROP FUNCTION shifts_that_ended(integer)")
    op.execute("DROP FUNCTION queues_to_assign(integer)")
    op.execute("DROP POLICY waiting ON tickets")
    for name in ("queued_at", "queue", "taken_at"):
        op.drop_constraint(op.f(f"ck_tickets_{name}"), "tickets", type_="check")
    op.drop_constraint(
        op.f("fk_tickets_organisation_id_queue_id_team_id"), "tickets", type_="foreignkey"
    )
    op.drop_index("ix_tickets_queue_undone", table_name="tickets")
    op.drop_index(
        "ix_tickets_waiting",
        table_name="tickets",
        postgresql_where=sa.text(
            "queue_id IS NOT NULL AND owner_id IS NULL AND deleted_at IS NULL AND status_kind NOT IN ('solved', 'closed')"
        ),
    )
    op.drop_index(
        "ix_tickets_organisation_id_queue_id",
        table_name="tickets",
        postgresql_where=sa.text("queue_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_tickets_load",
        table_name="tickets",
        postgresql_where=sa.text("status_kind IN ('new', 'open') AND deleted_at IS NULL"),
    )
    op.drop_column("tickets", "taken_at")
    op.drop_column("tickets", "queued_at")
    op.drop_column("tickets", "queue_id")
    op.drop_index(
        "ix_ticket_assignments_turns",
        table_name="ticket_assignments",
        postgresql_where=sa.text("means = 'round_robin'"),
    )
    op.drop_index("ix_ticket_assignments_ticket", table_name="ticket_assignments")
    op.drop_table("ticket_assignments")
    op.drop_index(
        "uq_queues_organisation_id_name",
        table_name="queues",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_queues_assigning",
        table_name="queues",
        postgresql_where=sa.text("strategy <> 'manual' AND deleted_at IS NULL"),
    )
    op.drop_table("queues")
    op.drop_index(
        "uq_agents_organisation_id_owner_id",
        table_name="agents",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_agents_shift_ends_at",
        table_name="agents",
        postgresql_where=sa.text("shift_ends_at IS NOT NULL"),
    )
    op.drop_table("agents")
