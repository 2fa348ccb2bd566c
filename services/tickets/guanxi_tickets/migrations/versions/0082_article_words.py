"""Bodies of articles are found apart from their names, and misspelt words from those that there are."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from guanxi_shared.migrations import secure

revision = "0082"
down_revision = "0080"
branch_labels = None
depends_on = None

COLUMNS = ("organisation_id", "owner_id", "team_id", "search_grams", "tags")
TEXTS = ("search_text", "search_digits", "search_body")


def upgrade() -> None:
    """What was written before stays where it is found; the first night keeps its words."""
    op.add_column(
        "articles_search", sa.Column("search_body", sa.Text(), server_default="", nullable=False)
    )
    # What a page holds is read as it is: to unpack it takes longer than to look through it.
    op.execute("ALTER TABLE articles_search SET (toast_tuple_target = 8160)")
    _index(*TEXTS)
    op.create_table(
        "article_words",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id", "article_id"],
            ["articles.organisation_id", "articles.id"],
            name=op.f("fk_article_words_organisation_id_article_id"),
        ),
        sa.PrimaryKeyConstraint(
            "organisation_id", "word", "article_id", name=op.f("pk_article_words")
        ),
    )
    op.create_index(
        "ix_article_words_trigrams",
        "article_words",
        ["organisation_id", sa.literal_column("word gin_trgm_ops")],
        unique=False,
        postgresql_using="gin",
    )
    secure("article_words")


def downgrade() -> None:
    op.drop_index("ix_article_words_trigrams", table_name="article_words", postgresql_using="gin")
    op.drop_table("article_words")
    _index(*TEXTS[:2])
    op.execute("UPDATE articles_search SET search_text = search_text || E'\\n' || search_body")
    op.execute("ALTER TABLE articles_search RESET (toast_tuple_target)")
    op.drop_column("articles_search", "search_body")


def _index(*texts: str) -> None:
    """Anew over these columns."""
    op.drop_index("ix_articles_search_words", table_name="articles_search", postgresql_using="gin")
    trigrams: list[str | sa.ColumnElement[Any]] = [
        sa.literal_column(f"{name} gin_trgm_ops") for name in texts
    ]
    op.create_index(
        "ix_articles_search_words", "articles_search", [*COLUMNS, *trigrams], postgresql_using="gin"
    )
