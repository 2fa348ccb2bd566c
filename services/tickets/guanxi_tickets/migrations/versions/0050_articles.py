"""The knowledge base."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from guanxi_shared.migrations import create_search_table, execute_script, secure

revision = "0050"
down_revision = "0042"
branch_labels = None
depends_on = None

# Reviews fall due in every organisation, and the worker's duty is bound to none: as of service levels, it
# learns the ids and no more.
REVIEWS = """
CREATE POLICY reviewing ON articles FOR SELECT TO CURRENT_USER USING (
    nullif(current_setting('app.organisation_id', true), '') IS NULL AND review_at <= now());
CREATE FUNCTION due_article_reviews(most integer) RETURNS TABLE (organisation_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = tickets, pg_temp AS $$
    SELECT a.organisation_id, a.id FROM articles a
    WHERE a.review_at <= now() AND a.state = 'published' AND a.review_told_at IS NULL
      AND a.deleted_at IS NULL
    ORDER BY a.review_at LIMIT most
$$;
REVOKE ALL ON FUNCTION due_article_reviews(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_article_reviews(integer) TO tickets;
"""


def upgrade() -> None:
    op.create_table(
        "article_categories",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), server_default="0", nullable=False),
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
        sa.CheckConstraint("parent_id <> id", name=op.f("ck_article_categories_parent")),
        sa.ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["article_categories.organisation_id", "article_categories.id"],
            name=op.f("fk_article_categories_organisation_id_parent_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_article_categories")),
    )
    op.create_index(
        "ix_article_categories_organisation_id_parent_id",
        "article_categories",
        ["organisation_id", "parent_id", "id"],
        unique=False,
    )
    op.create_table(
        "articles",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("translation_group_id", sa.Uuid(), nullable=False),
        sa.Column("category_id", sa.Uuid(), nullable=True),
        sa.Column("visibility", sa.Text(), server_default="internal", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column(
            "kinds", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "product_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owning_team_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_every_days", sa.BigInteger(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column(
            "tags", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
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
            "state IN ('draft', 'in_review', 'published', 'archived')",
            name=op.f("ck_articles_state"),
        ),
        sa.CheckConstraint(
            "visibility IN ('public', 'partner', 'internal')", name=op.f("ck_articles_visibility")
        ),
        sa.CheckConstraint(
            "review_every_days BETWEEN 1 AND 3650", name=op.f("ck_articles_review_every_days")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "category_id"],
            ["article_categories.organisation_id", "article_categories.id"],
            name=op.f("fk_articles_organisation_id_category_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_articles")),
    )
    op.create_index(
        "ix_articles_organisation_id_category_id",
        "articles",
        ["organisation_id", "category_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_articles_organisation_id_owner_id",
        "articles",
        ["organisation_id", "owner_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_articles_organisation_id_team_id",
        "articles",
        ["organisation_id", "team_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_articles_organisation_id_updated_at",
        "articles",
        ["organisation_id", "updated_at", "id"],
        unique=False,
    )
    op.create_index(
        "ix_articles_review_at",
        "articles",
        ["review_at"],
        unique=False,
        postgresql_where=sa.text(
            "state = 'published' AND review_told_at IS NULL AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "uq_articles_organisation_id_language",
        "articles",
        ["organisation_id", "translation_group_id", "language"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "article_drafts",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=False),
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
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_drafts_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_article_drafts")),
    )
    op.create_index(
        "uq_article_drafts_organisation_id_article_id",
        "article_drafts",
        ["organisation_id", "article_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "article_feedback",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("reader_kind", sa.Text(), nullable=False),
        sa.Column("is_helpful", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
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
        sa.CheckConstraint(
            "reader_kind IN ('user', 'contact')", name=op.f("ck_article_feedback_reader_kind")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_feedback_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "article_id", "reader_id", name=op.f("pk_article_feedback")
        ),
    )
    op.create_table(
        "article_terms",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("term", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.Double(), nullable=False),
        sa.Column("length", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_terms_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "term", "article_id", name=op.f("pk_article_terms")
        ),
    )
    op.create_index(
        "ix_article_terms_organisation_id_article_id",
        "article_terms",
        ["organisation_id", "article_id"],
        unique=False,
    )
    op.create_table(
        "article_versions",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_versions_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "article_id", "number", name=op.f("pk_article_versions")
        ),
    )
    op.create_table(
        "article_views",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_views_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "article_id", "reader_id", "day", name=op.f("pk_article_views")
        ),
    )
    op.create_table(
        "article_inquiries",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "article_ids",
            postgresql.ARRAY(sa.Uuid()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_article_inquiries_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint("organisation_id", "id", name=op.f("pk_article_inquiries")),
    )
    op.create_index(
        "ix_article_inquiries_organisation_id_asked",
        "article_inquiries",
        ["organisation_id", "created_at"],
        unique=False,
    )
    op.create_index(
        "ix_article_inquiries_organisation_id_ids",
        "article_inquiries",
        ["organisation_id", "article_ids"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_table(
        "article_shown",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_shown_organisation_id_article_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_article_shown_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "article_id", "ticket_id", name=op.f("pk_article_shown")
        ),
    )
    op.create_table(
        "ticket_articles",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_ticket_articles_organisation_id_article_id"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id", "ticket_id"],
            ["tickets.organisation_id", "tickets.id"],
            name=op.f("fk_ticket_articles_organisation_id_ticket_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "ticket_id", "article_id", name=op.f("pk_ticket_articles")
        ),
    )
    op.create_index(
        "ix_ticket_articles_organisation_id_article_id",
        "ticket_articles",
        ["organisation_id", "article_id"],
        unique=False,
    )
    create_search_table("articles")
    secure(
        "article_categories", "articles", "article_drafts", "article_versions", "article_terms",
        "ticket_articles", "article_shown", "article_views", "article_feedback", "article_inquiries",
    )  # fmt: skip
    execute_script(REVIEWS)


def downgrade() -> None:
    op.execute("DROP FUNCTION due_article_reviews(integer)")
    op.execute("DROP POLICY reviewing ON articles")
    op.drop_index("ix_ticket_articles_organisation_id_article_id", table_name="ticket_articles")
    op.drop_table("ticket_articles")
    op.drop_table("article_shown")
    op.drop_index(
        "ix_article_inquiries_organisation_id_ids",
        table_name="article_inquiries",
        postgresql_using="gin",
    )
    op.drop_index("ix_article_inquiries_organisation_id_asked", table_name="article_inquiries")
    op.drop_table("article_inquiries")
    op.drop_table("article_views")
    op.drop_table("article_versions")
    op.drop_index("ix_article_terms_organisation_id_article_id", table_name="article_terms")
    op.drop_table("article_terms")
    op.drop_table("article_feedback")
    op.drop_index(
        "uq_article_drafts_organisation_id_article_id",
        table_name="article_drafts",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_table("article_drafts")
    op.drop_index(
        "uq_articles_organisation_id_language",
        table_name="articles",
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.drop_index(
        "ix_articles_review_at",
        table_name="articles",
        postgresql_where=sa.text(
            "state = 'published' AND review_told_at IS NULL AND deleted_at IS NULL"
        ),
    )
    op.drop_index("ix_articles_organisation_id_updated_at", table_name="articles")
    op.drop_index("ix_articles_organisation_id_team_id", table_name="articles")
    op.drop_index("ix_articles_organisation_id_owner_id", table_name="articles")
    op.drop_index("ix_articles_organisation_id_category_id", table_name="articles")
    op.drop_table("articles")
    op.drop_table("articles_search")
    op.drop_index(
        "ix_article_categories_organisation_id_parent_id", table_name="article_categories"
    )
    op.drop_table("article_categories")
