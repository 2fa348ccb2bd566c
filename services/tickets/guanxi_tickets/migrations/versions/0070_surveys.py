"""Surveys: what is asked, whom it was sent to, what was answered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, secure

revision = "0070"
down_revision = "0061"
branch_labels = None
depends_on = None

TABLES = ("surveys", "survey_editions", "survey_invitations", "survey_answers")
# As timers of service levels: the worker's duty, bound to no organisation, learns the ids of what is due.
DUE = """
CREATE POLICY surveying ON tickets FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND survey_due_at <= now());
CREATE POLICY surveying ON survey_invitations FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND status = 'planned' AND send_at <= now());
CREATE POLICY surveying ON survey_answers FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND follow_up_at <= now());
CREATE FUNCTION due_surveys(most integer) RETURNS TABLE (organisation_id uuid, what text, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    (SELECT t.organisation_id, 'ticket', t.id FROM tickets t
     WHERE t.survey_due_at IS NOT NULL AND t.survey_due_at <= now() ORDER BY t.survey_due_at LIMIT most)
    UNION ALL
    (SELECT i.organisation_id, 'invitation', i.id FROM survey_invitations i
     WHERE i.status = 'planned' AND i.send_at <= now() ORDER BY i.send_at LIMIT most)
    UNION ALL
    (SELECT a.organisation_id, 'answer', a.id FROM survey_answers a
     WHERE a.follow_up_at IS NOT NULL AND a.follow_up_at <= now() ORDER BY a.follow_up_at LIMIT most)
$$;
REVOKE ALL ON FUNCTION due_surveys(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_surveys(integer) TO tickets;
"""
# What was sent is not rewritten.
KEPT = "REVOKE UPDATE, DELETE ON survey_editions FROM tickets;"


def upgrade() -> None:
    op.create_table(
        "surveys",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("default_language", sa.Text(), server_default="en", nullable=False),
        sa.Column(
            "texts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("scale_min", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("scale_max", sa.BigInteger(), server_default="5", nullable=False),
        sa.Column("is_low_good", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "items",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "questions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("edition", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("send_on", sa.Text(), server_default="hand", nullable=False),
        sa.Column("delay_minutes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("every_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("next_run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ran_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "filter_groups",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("sample_percent", sa.BigInteger(), server_default="100", nullable=False),
        sa.Column("quiet_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("valid_days", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("least_n", sa.BigInteger(), server_default="30", nullable=False),
        sa.Column("follow_up", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
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
            "kind IN ('csat', 'nps', 'ces', 'satisfaction', 'kano', 'custom')",
            name=op.f("ck_surveys_kind"),
        ),
        sa.CheckConstraint(
            "send_on IN ('solved', 'closed', 'schedule', 'hand')", name=op.f("ck_surveys_send_on")
        ),
        sa.CheckConstraint(
            "sample_percent BETWEEN 1 AND 100", name=op.f("ck_surveys_sample_percent")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_surveys")),
    )
    op.create_index(
        "ix_surveys_next_run_at",
        "surveys",
        ["organisation_id", "next_run_at"],
        unique=False,
        postgresql_where=sa.text("next_run_at IS NOT NULL"),
    )
    op.create_index(
        "uq_surveys_organisation_id_name",
        "surveys",
        ["organisation_id", sa.literal_column("lower(name)")],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "survey_editions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("default_language", sa.Text(), nullable=False),
        sa.Column(
            "texts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column(
            "questions",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "survey_id"],
            ["surveys.organisation_id", "surveys.id"],
            name=op.f("fk_survey_editions_organisation_id_survey_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "survey_id", "number", name=op.f("pk_survey_editions")
        ),
    )
    op.create_table(
        "survey_invitations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="planned", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("round", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "send_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column(
            "partial",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("created_by", sa.Uuid(), nullable=True),
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
            "(status = 'dropped') = (reason IS NOT NULL)",
            name=op.f("ck_survey_invitations_dropped"),
        ),
        sa.CheckConstraint(
            "occasion IN ('solved', 'closed', 'schedule', 'hand')",
            name=op.f("ck_survey_invitations_occasion"),
        ),
        sa.CheckConstraint(
            "reason IN ('reopened', 'asked_lately', 'nobody', 'ticket_gone', 'survey_off', 'erased')",
            name=op.f("ck_survey_invitations_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('planned', 'sent', 'started', 'answered', 'dropped')",
            name=op.f("ck_survey_invitations_status"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "survey_id"],
            ["surveys.organisation_id", "surveys.id"],
            name=op.f("fk_survey_invitations_organisation_id_survey_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_survey_invitations_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_survey_invitations")),
    )
    op.create_index(
        "ix_survey_invitations_contact_id",
        "survey_invitations",
        ["organisation_id", "contact_id", "sent_at"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_invitations_due",
        "survey_invitations",
        ["send_at"],
        unique=False,
        postgresql_where=sa.text("status = 'planned'"),
    )
    op.create_index(
        "ix_survey_invitations_owned",
        "survey_invitations",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_survey_invitations_sent",
        "survey_invitations",
        ["organisation_id", "survey_id", "sent_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_survey_invitations_ticket_id",
        "survey_invitations",
        ["organisation_id", "ticket_id", "id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "uq_survey_invitations_once",
        "survey_invitations",
        ["organisation_id", "survey_id", "ticket_id", "round"],
        unique=True,
        postgresql_where=sa.text("occasion <> 'hand'"),
    )
    op.create_table(
        "survey_answers",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("score", sa.BigInteger(), nullable=True),
        sa.Column("is_low", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "answers",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column(
            "invited_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "answered_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("follow_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("follow_up_ticket_id", sa.Uuid(), nullable=True),
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
            "kind IN ('csat', 'nps', 'ces', 'satisfaction', 'kano', 'custom')",
            name=op.f("ck_survey_answers_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "follow_up_ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_survey_answers_organisation_id_follow_up_ticket_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "invitation_id"],
            ["survey_invitations.organisation_id", "survey_invitations.id"],
            name=op.f("fk_survey_answers_organisation_id_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "survey_id", "edition"],
            [
                "survey_editions.organisation_id",
                "survey_editions.survey_id",
                "survey_editions.number",
            ],
            name=op.f("fk_survey_answers_organisation_id_survey_id_edition"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_survey_answers_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_survey_answers")),
    )
    op.create_index(
        "ix_survey_answers_account_id",
        "survey_answers",
        ["organisation_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_answers_answered_at",
        "survey_answers",
        ["organisation_id", "answered_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_survey_answers_contact_id",
        "survey_answers",
        ["organisation_id", "contact_id", "id"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_answers_follow_up_at",
        "survey_answers",
        ["follow_up_at"],
        unique=False,
        postgresql_where=sa.text("follow_up_at IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_answers_follow_up_ticket_id",
        "survey_answers",
        ["organisation_id", "follow_up_ticket_id", "id"],
        unique=False,
        postgresql_where=sa.text("follow_up_ticket_id IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_answers_owned",
        "survey_answers",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_survey_answers_survey",
        "survey_answers",
        ["organisation_id", "survey_id", "answered_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_survey_answers_team_id",
        "survey_answers",
        ["organisation_id", "team_id", "id"],
        unique=False,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_index(
        "ix_survey_answers_ticket_id",
        "survey_answers",
        ["organisation_id", "ticket_id", "id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "uq_survey_answers_invitation",
        "survey_answers",
        ["organisation_id", "invitation_id"],
        unique=True,
    )
    op.add_column("tickets", sa.Column("survey_due_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_tickets_solved_at",
        "tickets",
        ["organisation_id", "solved_at", "id"],
        unique=False,
        postgresql_where=sa.text("solved_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_tickets_survey_due_at",
        "tickets",
        ["survey_due_at"],
        unique=False,
        postgresql_where=sa.text("survey_due_at IS NOT NULL"),
    )

    for table in TABLES:
        secure(table)
    execute_script(DUE)
    execute_script(KEPT)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_surveys(integer)")
    op.execute("DROP POLICY surveying ON tickets")
    op.drop_index(
        "ix_tickets_survey_due_at",
        table_name="tickets",
        postgresql_where=sa.text("survey_due_at IS NOT NULL"),
    )
    op.drop_index(
        "ix_tickets_solved_at",
        table_name="tickets",
        postgresql_where=sa.text("solved_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.drop_column("tickets", "survey_due_at")
    op.drop_index("uq_survey_answers_invitation", table_name="survey_answers")
    op.drop_index(
        "ix_survey_answers_ticket_id",
        table_name="survey_answers",
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_survey_answers_team_id",
        table_name="survey_answers",
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.drop_index("ix_survey_answers_survey", table_name="survey_answers")
    op.drop_index("ix_survey_answers_owned", table_name="survey_answers")
    op.drop_index(
        "ix_survey_answers_follow_up_ticket_id",
        table_name="survey_answers",
        postgresql_where=sa.text("follow_up_ticket_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_survey_answers_contact_id",
        table_name="survey_answers",
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.drop_index("ix_survey_answers_answered_at", table_name="survey_answers")
    op.drop_index(
        "ix_survey_answers_account_id",
        table_name="survey_answers",
        postgresql_where=sa.text("account_id IS NOT NULL"),
    )
    op.drop_table("survey_answers")
    op.drop_index(
        "uq_survey_invitations_once",
        table_name="survey_invitations",
        postgresql_where=sa.text("occasion <> 'hand'"),
    )
    op.drop_index(
        "ix_survey_invitations_ticket_id",
        table_name="survey_invitations",
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.drop_index("ix_survey_invitations_sent", table_name="survey_invitations")
    op.drop_index("ix_survey_invitations_owned", table_name="survey_invitations")
    op.drop_index(
        "ix_survey_invitations_due",
        table_name="survey_invitations",
        postgresql_where=sa.text("status = 'planned'"),
    )
    op.drop_index(
        "ix_survey_invitations_contact_id",
        table_name="survey_invitations",
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )
    op.drop_table("survey_invitations")
    op.drop_table("survey_editions")
    op.drop_index(
        "uq_surveys_organisation_id_name",
        table_name="surveys",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_surveys_next_run_at",
        table_name="surveys",
        postgresql_where=sa.text("next_run_at IS NOT NULL"),
    )
    op.drop_table("surveys")
