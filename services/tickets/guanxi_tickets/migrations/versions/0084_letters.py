"""Letters that go out by mail, forms that answer by one, and an organisation's switch for all of them."""

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import execute_script, secure

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

# As of the timers of tickets: the worker learns the ids and no more.
DUE = """
CREATE POLICY mailing ON ticket_letters FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND status = 'waiting' AND due_at <= now());
CREATE FUNCTION due_letters(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT l.organisation_id, l.id FROM ticket_letters l
    WHERE l.status = 'waiting' AND l.due_at <= now() ORDER BY l.due_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_letters(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_letters(integer) TO tickets;
"""


def upgrade() -> None:
    op.create_table(
        "ticket_letters",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("invitation_id", sa.Uuid(), nullable=True),
        sa.Column("link_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column(
            "due_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status IN ('dropped', 'failed')) = (reason IS NOT NULL)",
            name=op.f("ck_ticket_letters_reasoned"),
        ),
        sa.CheckConstraint(
            "kind IN ('survey', 'portal', 'receipt')", name=op.f("ck_ticket_letters_kind")
        ),
        sa.CheckConstraint(
            "reason IN ('mail_off', 'no_address', 'over', 'too_many', 'refused', 'gave_up')",
            name=op.f("ck_ticket_letters_reason"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'sent', 'dropped', 'failed')",
            name=op.f("ck_ticket_letters_status"),
        ),
        sa.CheckConstraint(
            "(invitation_id IS NULL) <> (link_id IS NULL)", name=op.f("ck_ticket_letters_about")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "invitation_id"],
            ["survey_invitations.organisation_id", "survey_invitations.id"],
            name=op.f("fk_ticket_letters_organisation_id_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "link_id"],
            ["portal_links.organisation_id", "portal_links.id"],
            name=op.f("fk_ticket_letters_organisation_id_link_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_letters_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_ticket_letters")),
    )
    op.create_index(
        "ix_ticket_letters_due",
        "ticket_letters",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(
        "ix_ticket_letters_receipts",
        "ticket_letters",
        ["organisation_id", "sent_at"],
        unique=False,
        postgresql_where=sa.text("kind = 'receipt' AND status = 'sent'"),
    )
    op.create_index(
        "ix_ticket_letters_ticket_id",
        "ticket_letters",
        ["organisation_id", "ticket_id", "id"],
        unique=False,
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ticket_letters_invitation_id",
        "ticket_letters",
        ["organisation_id", "invitation_id"],
        unique=True,
        postgresql_where=sa.text("invitation_id IS NOT NULL"),
    )
    op.create_index(
        "uq_ticket_letters_link_id",
        "ticket_letters",
        ["organisation_id", "link_id"],
        unique=True,
        postgresql_where=sa.text("link_id IS NOT NULL"),
    )
    op.add_column(
        "ticket_forms",
        sa.Column("sends_receipt", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column(
        "ticket_settings",
        sa.Column("sends_mail", sa.Boolean(), server_default="true", nullable=False),
    )
    secure("ticket_letters")
    execute_script(DUE)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_letters(integer)")
    op.drop_column("ticket_settings", "sends_mail")
    op.drop_column("ticket_forms", "sends_receipt")
    op.drop_index(
        "uq_ticket_letters_link_id",
        table_name="ticket_letters",
        postgresql_where=sa.text("link_id IS NOT NULL"),
    )
    op.drop_index(
        "uq_ticket_letters_invitation_id",
        table_name="ticket_letters",
        postgresql_where=sa.text("invitation_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_ticket_letters_ticket_id",
        table_name="ticket_letters",
        postgresql_where=sa.text("ticket_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_ticket_letters_receipts",
        table_name="ticket_letters",
        postgresql_where=sa.text("kind = 'receipt' AND status = 'sent'"),
    )
    op.drop_index(
        "ix_ticket_letters_due",
        table_name="ticket_letters",
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.drop_table("ticket_letters")
