"""Consents, do-not-contact, legal holds, and the erasing of people from records and from the log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import execute_script, install_kernel, secure

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CONSENTS_ARE_KEPT = """
REVOKE UPDATE ON consents FROM contacts;
GRANT UPDATE (contact_id) ON consents TO contacts;
"""


# What records show has a new part; whoever reads a record reads it whole.
SHOWN = """
ALTER TABLE contacts NO FORCE ROW LEVEL SECURITY;
UPDATE contacts SET as_shown = (as_shown::jsonb ||
  '{"do_not_contact": false, "do_not_contact_reason": null, "do_not_contact_since": null}')::text;
ALTER TABLE contacts FORCE ROW LEVEL SECURITY;
"""


def upgrade() -> None:
    instant, now = sa.DateTime(timezone=True), sa.text("clock_timestamp()")
    op.add_column("accounts", sa.Column("erased_at", instant, nullable=True))
    op.add_column("contacts", sa.Column("erased_at", instant, nullable=True))
    op.add_column(
        "contacts",
        sa.Column("do_not_contact", sa.Boolean(), server_default="false", nullable=False),
    )
    op.add_column("contacts", sa.Column("do_not_contact_reason", sa.Text(), nullable=True))
    op.add_column("contacts", sa.Column("do_not_contact_since", instant, nullable=True))
    execute_script(SHOWN)
    op.create_table(
        "consents",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("given_at", instant, server_default=now, nullable=False),
        sa.Column("expires_at", instant, nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", instant, server_default=now, nullable=False),
        sa.CheckConstraint(
            "channel IN ('email', 'phone', 'sms', 'wechat', 'whatsapp', 'post', 'visit', 'push')",
            name=op.f("ck_consents_channel"),
        ),
        sa.CheckConstraint(
            "purpose IN ('marketing', 'service', 'research', 'profiling', 'sharing')",
            name=op.f("ck_consents_purpose"),
        ),
        sa.CheckConstraint(
            "status IN ('granted', 'denied', 'withdrawn')", name=op.f("ck_consents_status")
        ),
        sa.CheckConstraint("expires_at > given_at", name=op.f("ck_consents_expires_at")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "contact_id"], ["contacts.organisation_id", "contacts.id"],
            name=op.f("fk_consents_organisation_id_contact_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "file_id"], ["files.organisation_id", "files.id"],
            name=op.f("fk_consents_organisation_id_file_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_consents")),
    )  # fmt: skip
    op.create_index(
        "ix_consents_organisation_id_contact_id", "consents",
        ["organisation_id", "contact_id", "channel", "purpose", "given_at"],
    )  # fmt: skip
    op.create_index(
        "ix_consents_organisation_id_channel", "consents",
        ["organisation_id", "channel", "purpose", "status", "contact_id"],
    )  # fmt: skip
    op.create_index(
        "ix_consents_organisation_id_file_id", "consents", ["organisation_id", "file_id"],
        postgresql_where=sa.text("file_id IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "legal_holds",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.Uuid(), nullable=True),
        sa.Column("placed_at", instant, server_default=now, nullable=False),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.Column("released_at", instant, nullable=True),
        sa.CheckConstraint(
            "subject_type IN ('contact', 'account')", name=op.f("ck_legal_holds_subject_type")
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_legal_holds")),
    )
    op.create_index(
        "uq_legal_holds_organisation_id_subject_id", "legal_holds",
        ["organisation_id", "subject_id", "subject_type"],
        unique=True, postgresql_where=sa.text("released_at IS NULL"),
    )  # fmt: skip
    op.create_table(
        "erasures",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_reference", sa.Text(), nullable=True),
        sa.Column("erased_by", sa.Uuid(), nullable=True),
        sa.Column("erased_at", instant, server_default=now, nullable=False),
        sa.Column(
            "counts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "subject_type IN ('contact', 'account')", name=op.f("ck_erasures_subject_type")
        ),
        sa.CheckConstraint(
            "reason IN ('subject_request', 'retention_expired', 'consent_withdrawn', 'unlawful', 'other')",
            name=op.f("ck_erasures_reason"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_erasures")),
    )  # fmt: skip
    op.create_index(
        "uq_erasures_organisation_id_subject_id", "erasures",
        ["organisation_id", "subject_id", "subject_type"], unique=True,
    )  # fmt: skip
    op.create_table(
        "suppressions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", instant, server_default=now, nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", "key_hash", name=op.f("pk_suppressions")),
    )
    secure("consents", "legal_holds", "erasures", "suppressions")
    install_kernel("contacts", part="erasing")
    execute_script(CONSENTS_ARE_KEPT)


def downgrade() -> None:
    execute_script(
        "DROP FUNCTION erase_events(uuid, text, uuid[], jsonb[]); DROP POLICY erasure ON events;"
    )
    for table in ("suppressions", "erasures", "legal_holds", "consents"):
        op.drop_table(table)
    for column in ("do_not_contact_since", "do_not_contact_reason", "do_not_contact", "erased_at"):
        op.drop_column("contacts", column)
    op.drop_column("accounts", "erased_at")
