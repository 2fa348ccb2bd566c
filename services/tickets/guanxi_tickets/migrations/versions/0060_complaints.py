"""The closed loop of complaints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0060"
down_revision = "0050"
branch_labels = None
depends_on = None

# Timers fall due in every organisation, and the worker's duty is bound to none. It learns the ids and no
# more, as of those of tickets.
TIMERS = """
CREATE POLICY timing ON coordination_tasks FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND next_at <= now());
CREATE FUNCTION due_coordination_tasks(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT t.organisation_id, t.id FROM coordination_tasks t
    WHERE t.next_at IS NOT NULL AND t.next_at <= now() ORDER BY t.next_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_coordination_tasks(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_coordination_tasks(integer) TO tickets;
"""
# Complaints that are there already are in their first round.
BEGUN = """
ALTER TABLE tickets NO FORCE ROW LEVEL SECURITY;
ALTER TABLE complaint_rounds NO FORCE ROW LEVEL SECURITY;
INSERT INTO complaint_rounds (organisation_id, id, ticket_id, number, started_at, ended_at, steps, open_steps, owner_id, team_id)
SELECT t.organisation_id, gen_random_uuid(), t.id, 1, t.created_at, t.solved_at,
  (SELECT jsonb_object_agg(step, '{"state": "open", "text": null, "reason": null, "figures": [], "by": null, "at": null}'::jsonb)
    FROM unnest(s.steps) AS step), s.steps, t.owner_id, t.team_id
FROM tickets t, (SELECT ARRAY['listen', 'act', 'resources', 'measure', 'coordinate', 'sum_up'] AS steps) AS s
WHERE t.kind = 'complaint';
ALTER TABLE complaint_rounds FORCE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    op.create_table(
        "root_causes",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("merged_into_id", sa.Uuid(), nullable=True),
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
            "parent_id <> id AND merged_into_id <> id", name=op.f("ck_root_causes_itself")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"],
            ["root_causes.organisation_id", "root_causes.id"],
            name=op.f("fk_root_causes_organisation_id_merged_into_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["root_causes.organisation_id", "root_causes.id"],
            name=op.f("fk_root_causes_organisation_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_root_causes")),
    )
    op.create_index(
        "uq_root_causes_organisation_id_name",
        "root_causes",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "complaint_rounds",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "steps",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "open_steps",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "done_steps",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "skipped_steps",
            postgresql.ARRAY(sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "left_open", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("root_cause_id", sa.Uuid(), nullable=True),
        sa.Column("lesson", sa.Text(), nullable=True),
        sa.Column("article_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["organisation_id", "root_cause_id"],
            ["root_causes.organisation_id", "root_causes.id"],
            name=op.f("fk_complaint_rounds_organisation_id_root_cause_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_complaint_rounds_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_complaint_rounds")),
        sa.UniqueConstraint(
            "organisation_id",
            "ticket_id",
            "number",
            name=op.f("uq_complaint_rounds_organisation_id_ticket_id_number"),
        ),
    )
    op.create_index(
        "ix_complaint_rounds_root_cause_id",
        "complaint_rounds",
        ["organisation_id", "root_cause_id"],
        unique=False,
        postgresql_where=sa.text("root_cause_id IS NOT NULL"),
    )
    op.create_table(
        "coordination_tasks",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("warn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("breached_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
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
            "status IN ('open', 'accepted', 'done', 'declined', 'withdrawn')",
            name=op.f("ck_coordination_tasks_status"),
        ),
        sa.CheckConstraint(
            "owner_id IS NOT NULL OR team_id IS NOT NULL", name=op.f("ck_coordination_tasks_whose")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "round_id"],
            ["complaint_rounds.organisation_id", "complaint_rounds.id"],
            name=op.f("fk_coordination_tasks_organisation_id_round_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_coordination_tasks_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_coordination_tasks")),
    )
    op.create_index(
        "ix_coordination_tasks_next_at",
        "coordination_tasks",
        ["next_at"],
        unique=False,
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        "ix_coordination_tasks_organisation_id_owner_id",
        "coordination_tasks",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_coordination_tasks_organisation_id_team_id",
        "coordination_tasks",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_coordination_tasks_ticket",
        "coordination_tasks",
        ["organisation_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "corrective_actions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("responsible_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("effect", sa.Text(), nullable=True),
        sa.Column("effect_note", sa.Text(), nullable=True),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_by", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
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
            "effect IN ('effective', 'ineffective')", name=op.f("ck_corrective_actions_effect")
        ),
        sa.CheckConstraint("status IN ('open', 'done')", name=op.f("ck_corrective_actions_status")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "round_id"],
            ["complaint_rounds.organisation_id", "complaint_rounds.id"],
            name=op.f("fk_corrective_actions_organisation_id_round_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_corrective_actions_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_corrective_actions")),
    )
    op.create_index(
        "ix_corrective_actions_organisation_id_owner_id",
        "corrective_actions",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_corrective_actions_organisation_id_team_id",
        "corrective_actions",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_corrective_actions_ticket",
        "corrective_actions",
        ["organisation_id", "ticket_id", "created_at", "id"],
        unique=False,
    )
    op.add_column(
        "ticket_settings",
        sa.Column("complaints_need_loop", sa.Text(), server_default="no", nullable=False),
    )
    op.create_index(
        "ix_tickets_complaints",
        "tickets",
        ["organisation_id", "id"],
        unique=False,
        postgresql_where=sa.text("kind = 'complaint' AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_merged_into_id",
        "tickets",
        ["organisation_id", "merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_check_constraint(
        op.f("ck_ticket_settings_complaints_need_loop"),
        "ticket_settings",
        "complaints_need_loop IN ('no', 'warn', 'yes')",
    )
    secure("root_causes", "complaint_rounds", "coordination_tasks", "corrective_actions")
    execute_script(TIMERS)
    execute_script(BEGUN)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_coordination_tasks(integer)")
    op.drop_index(
        "ix_tickets_merged_into_id",
        table_name="tickets",
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_tickets_complaints",
        table_name="tickets",
        postgresql_where=sa.text("kind = 'complaint' AND deleted_at IS NULL"),
    )
    op.drop_column("ticket_settings", "complaints_need_loop")
    op.drop_index("ix_corrective_actions_ticket", table_name="corrective_actions")
    op.drop_index(
        "ix_corrective_actions_organisation_id_team_id",
        table_name="corrective_actions",
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.drop_index("ix_corrective_actions_organisation_id_owner_id", table_name="corrective_actions")
    op.drop_table("corrective_actions")
    op.drop_index("ix_coordination_tasks_ticket", table_name="coordination_tasks")
    op.drop_index(
        "ix_coordination_tasks_organisation_id_team_id",
        table_name="coordination_tasks",
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.drop_index("ix_coordination_tasks_organisation_id_owner_id", table_name="coordination_tasks")
    op.drop_index(
        "ix_coordination_tasks_next_at",
        table_name="coordination_tasks",
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.drop_table("coordination_tasks")
    op.drop_index(
        "ix_complaint_rounds_root_cause_id",
        table_name="complaint_rounds",
        postgresql_where=sa.text("root_cause_id IS NOT NULL"),
    )
    op.drop_table("complaint_rounds")
    op.drop_index(
        "uq_root_causes_organisation_id_name",
        table_name="root_causes",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("root_causes")
