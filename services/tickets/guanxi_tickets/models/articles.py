"""The knowledge base: articles with their versions and drafts, what they are found by, what became of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    text,
)
from sqlmodel import Field

from guanxi_shared.columns import (
    id_column,
    ids_column,
    instant_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table
from guanxi_tickets.db import Table

VISIBILITIES = ("public", "partner", "internal")
ARTICLE_STATES = ("draft", "in_review", "published", "archived")
OF_ARTICLE = (["organisation_id", "article_id"], ["articles.organisation_id", "articles.id"])


class ArticleCategory(Table, table=True):
    __tablename__ = "article_categories"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"],
            ["article_categories.organisation_id", "article_categories.id"],
        ),
        CheckConstraint("parent_id <> id", name="parent"),
        Index("ix_article_categories_organisation_id_parent_id", "organisation_id", "parent_id", "id"),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    parent_id: UUID | None = id_column()
    position: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class Article(Table, table=True):
    """Its text is the one that is shown. `team_id` is the audience by which the one rule of visibility
    goes (see articles/sight.py); whose it is, is `owner_id` and `owning_team_id`."""

    __tablename__ = "articles"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "category_id"],
            ["article_categories.organisation_id", "article_categories.id"],
        ),
        one_of("visibility", VISIBILITIES),
        one_of("state", ARTICLE_STATES),
        CheckConstraint("review_every_days BETWEEN 1 AND 3650", name="review_every_days"),
        Index("ix_articles_organisation_id_team_id", "organisation_id", "team_id", "id"),
        Index("ix_articles_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_articles_organisation_id_category_id", "organisation_id", "category_id", "id"),
        Index("ix_articles_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index(
            "uq_articles_organisation_id_language",
            "organisation_id", "translation_group_id", "language",
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
        # Whose review is due, of all organisations.
        Index(
            "ix_articles_review_at", "review_at",
            postgresql_where=text(
                "state = 'published' AND review_told_at IS NULL AND deleted_at IS NULL"
            ),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    title: str = text_column(nullable=False)
    summary: str | None = text_column()
    body: str = text_column(nullable=False)
    language: str = text_column(nullable=False)  # BCP 47
    translation_group_id: UUID = id_column(nullable=False)
    category_id: UUID | None = id_column()
    visibility: str = Field(sa_column=Column(Text, nullable=False, server_default="internal"))
    state: str = Field(sa_column=Column(Text, nullable=False, server_default="draft"))
    kinds: list[str] = texts_column()  # of tickets that it may answer
    product_ids: list[UUID] = ids_column()  # pipeline's products
    owner_id: UUID | None = id_column()  # gateway's user
    owning_team_id: UUID | None = id_column()  # gateway's team
    team_id: UUID = id_column(nullable=False)
    edition: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    published_at: datetime | None = instant_column("published_at", nullable=True)
    review_every_days: int | None = Field(default=None, sa_column=Column(BigInteger))
    reviewed_at: datetime | None = instant_column("reviewed_at", nullable=True)
    review_at: datetime | None = instant_column("review_at", nullable=True)
    review_told_at: datetime | None = instant_column("review_told_at", nullable=True)
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


ARTICLE_SEARCH = add_search_table(Table.metadata.tables["articles"], has_body=True)


class ArticleDraft(Table, table=True):
    """The text of a published article that is being worked on; one an article."""

    __tablename__ = "article_drafts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(*OF_ARTICLE),
        Index(
            "uq_article_drafts_organisation_id_article_id", "organisation_id", "article_id",
            unique=True, postgresql_where=text("deleted_at IS NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    title: str = text_column(nullable=False)
    summary: str | None = text_column()
    body: str = text_column(nullable=False)
    owner_id: UUID | None = id_column()  # gateway's user who began it
    team_id: UUID = id_column(nullable=False)  # the audience
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class ArticleVersion(Table, table=True):
    """What was published, when and by whom. Never changed."""

    __tablename__ = "article_versions"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "article_id", "number"),
        ForeignKeyConstraint(*OF_ARTICLE),
    )

    organisation_id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    title: str = text_column(nullable=False)
    summary: str | None = text_column()
    body: str = text_column(nullable=False)
    note: str | None = text_column()  # what changed
    published_at: datetime = instant_column("published_at")
    published_by: UUID | None = id_column()  # gateway's user


class ArticleTerm(Table, table=True):
    """How much of a published article a word or a pair of characters is: what suggestions go by."""

    __tablename__ = "article_terms"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "term", "article_id"),
        ForeignKeyConstraint(*OF_ARTICLE),
        Index("ix_article_terms_organisation_id_article_id", "organisation_id", "article_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    term: str = text_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    weight: float = Field(sa_column=Column(Double, nullable=False))
    length: float = Field(sa_column=Column(Double, nullable=False))  # of the whole article


class ArticleWord(Table, table=True):
    """A word that articles hold, whatever their state: what may be meant by a misspelt one. `article_id` is
    one that held it when it was kept."""

    __tablename__ = "article_words"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "word", "article_id"),
        ForeignKeyConstraint(*OF_ARTICLE),
        Index(
            "ix_article_words_trigrams", "organisation_id", text("word gin_trgm_ops"),
            postgresql_using="gin",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    word: str = text_column(nullable=False)
    article_id: UUID = id_column(nullable=False)


class TicketArticle(Table, table=True):
    """An article that was used for a ticket. It stays with the ticket that it was used for: a survivor
    shows what was used for those that went into it."""

    __tablename__ = "ticket_articles"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "ticket_id", "article_id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(*OF_ARTICLE),
        Index("ix_ticket_articles_organisation_id_article_id", "organisation_id", "article_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    created_by: UUID | None = id_column()  # gateway's user
    created_at: datetime = instant_column("created_at")


class ArticleShown(Table, table=True):
    """That an article was suggested for a ticket: once, however often somebody looked."""

    __tablename__ = "article_shown"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "article_id", "ticket_id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        ForeignKeyConstraint(*OF_ARTICLE),
    )

    organisation_id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    ticket_id: UUID = id_column(nullable=False)
    created_at: datetime = instant_column("created_at")


class ArticleView(Table, table=True):
    """That somebody read an article on a day: once a reader and day."""

    __tablename__ = "article_views"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "article_id", "reader_id", "day"),
        ForeignKeyConstraint(*OF_ARTICLE),
    )

    organisation_id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    reader_id: UUID = id_column(nullable=False)  # gateway's user, or contacts' contact
    day: str = text_column(nullable=False)
    created_at: datetime = instant_column("created_at")


class ArticleFeedback(Table, table=True):
    """Whether an article helped: the last word of each reader."""

    __tablename__ = "article_feedback"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "article_id", "reader_id"),
        ForeignKeyConstraint(*OF_ARTICLE),
        one_of("reader_kind", ("user", "contact")),
    )

    organisation_id: UUID = id_column(nullable=False)
    article_id: UUID = id_column(nullable=False)
    reader_id: UUID = id_column(nullable=False)  # gateway's user, or contacts' contact
    reader_kind: str = text_column(nullable=False)
    is_helpful: bool = Field(sa_column=Column(Boolean, nullable=False))
    comment: str | None = text_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")


class ArticleInquiry(Table, table=True):
    """A question asked before there was a ticket, what was suggested, and the ticket that came of it
    all the same. What was asked is not kept."""

    __tablename__ = "article_inquiries"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "ticket_id"], ["tickets.organisation_id", "tickets.id"]
        ),
        Index("ix_article_inquiries_organisation_id_asked", "organisation_id", "created_at"),
        Index(
            "ix_article_inquiries_organisation_id_ids", "organisation_id", "article_ids",
            postgresql_using="gin",
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    article_ids: list[UUID] = ids_column()
    asked_by: UUID | None = id_column()  # gateway's user
    ticket_id: UUID | None = id_column()
    created_at: datetime = instant_column("created_at")
