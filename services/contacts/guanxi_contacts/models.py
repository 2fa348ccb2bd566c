"""Every table of contacts, in reading order: the data dictionary.

Lists that are only ever read with their record (phones, emails, addresses) are JSON columns; what
is looked up from both sides (which contact belongs to which account) is a table.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    Text,
    Uuid,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.schema import instant

ACCOUNT_KINDS = ("company", "person")
GRADES = ("A", "B", "C", "D")
LIFECYCLE_STAGES = ("prospect", "new", "active", "loyal", "at_risk", "lost", "won_back")
RELATIONSHIP_LEVELS = ("basic", "reactive", "accountable", "proactive", "partnership")
NEEDS_TIERS = ("survival", "security", "social", "esteem", "self_actualisation")
BUYING_ROLES = ("decision_maker", "influencer", "user", "gatekeeper", "buyer", "champion", "other")
STANCES = ("supporter", "neutral", "opponent", "unknown")


def _text(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(Text, nullable=nullable))


def _json(default: str) -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, server_default=text(f"'{default}'")))


def _texts() -> Any:
    return Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


def _instant(name: str, *, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=instant(name, nullable=nullable, now=not nullable))


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _search_index(table: str) -> Index:
    """One index for everything that is looked for by content: words, pinyin, digits, tags."""
    return Index(
        f"ix_{table}_search",
        "organisation_id", "search_grams", "tags",
        text("search_text gin_trgm_ops"), text("search_digits gin_trgm_ops"),
        postgresql_using="gin",
    )  # fmt: skip


def _match_index(table: str) -> Index:
    """Looked up key by key, by imports thousands of times in a row: a pending list, which each
    look-up would read whole, costs more there than it saves when writing."""
    return Index(
        f"ix_{table}_match_keys", "organisation_id", "match_keys",
        postgresql_using="gin", postgresql_with={"fastupdate": "off"},
    )  # fmt: skip


class Account(Table, table=True):
    """A customer: a company, or a person who buys alone."""

    __tablename__ = "accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "parent_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "referred_by_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        _one_of("kind", ACCOUNT_KINDS),
        _one_of("grade", GRADES),
        _one_of("lifecycle_stage", LIFECYCLE_STAGES),
        _one_of("relationship_level", RELATIONSHIP_LEVELS),
        _one_of("needs_tier", NEEDS_TIERS),
        CheckConstraint("(revenue_amount IS NULL) = (revenue_currency IS NULL)", name="revenue"),
        Index("ix_accounts_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_accounts_organisation_id_name", "organisation_id", "name", "id"),
        Index("ix_accounts_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"),
        Index("ix_accounts_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_accounts_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        _match_index("accounts"),
        Index(
            "ix_accounts_organisation_id_parent_id", "organisation_id", "parent_id",
            postgresql_where=text("parent_id IS NOT NULL"),
        ),
        Index(
            "ix_accounts_organisation_id_referred_by_id", "organisation_id", "referred_by_id",
            postgresql_where=text("referred_by_id IS NOT NULL"),
        ),
        _search_index("accounts"),
    )  # fmt: skip

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    name: str = _text(nullable=False)
    legal_name: str | None = _text()
    short_name: str | None = _text()
    local_name: str | None = _text()  # the name in the local script, where `name` is not it
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="company"))
    industry: str | None = _text()
    region: str | None = _text()
    source: str | None = _text()
    domain: str | None = _text()
    website: str | None = _text()
    founded_year: int | None = Field(default=None, sa_column=Column(BigInteger))
    staff_count: int | None = Field(default=None, sa_column=Column(BigInteger))
    revenue_amount: Decimal | None = Field(default=None, sa_column=Column(Numeric))
    revenue_currency: str | None = _text()
    phones: list[Any] = _json("[]")
    emails: list[Any] = _json("[]")
    addresses: list[Any] = _json("[]")
    latitude: float | None = Field(default=None, sa_column=Column(Float))
    longitude: float | None = Field(default=None, sa_column=Column(Float))
    parent_id: UUID | None = Field(default=None, sa_column=Column(Uuid))
    referred_by_id: UUID | None = Field(default=None, sa_column=Column(Uuid))
    owner_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's user
    team_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's team
    grade: str | None = _text()
    lifecycle_stage: str = Field(sa_column=Column(Text, nullable=False, server_default="prospect"))
    relationship_level: str | None = _text()
    needs_tier: str | None = _text()
    description: str | None = _text()
    key_account: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    external_id: str | None = _text()  # the id in the system it was imported from
    tags: list[str] = _texts()
    custom: dict[str, Any] = _json("{}")
    search_text: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    search_grams: list[str] = _texts()
    search_digits: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    match_keys: list[str] = _texts()  # e:email, p:phone, d:domain, n:name, x:external id
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    created_at: datetime = _instant("created_at")
    updated_at: datetime = _instant("updated_at")
    deleted_at: datetime | None = _instant("deleted_at", nullable=True)


class Contact(Table, table=True):
    """A person; alone (a consumer) or belonging to accounts with a role in each."""

    __tablename__ = "contacts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "reports_to_id"], ["contacts.organisation_id", "contacts.id"]
        ),
        Index("ix_contacts_organisation_id_updated_at", "organisation_id", "updated_at", "id"),
        Index("ix_contacts_organisation_id_name", "organisation_id", "name", "id"),
        Index("ix_contacts_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id"),
        Index("ix_contacts_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_contacts_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        _match_index("contacts"),
        Index(
            "ix_contacts_organisation_id_reports_to_id", "organisation_id", "reports_to_id",
            postgresql_where=text("reports_to_id IS NOT NULL"),
        ),
        _search_index("contacts"),
    )  # fmt: skip

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    given_name: str | None = _text()
    family_name: str | None = _text()
    name: str = _text(nullable=False)  # whole, as people write it
    title: str | None = _text()
    department: str | None = _text()
    reports_to_id: UUID | None = Field(default=None, sa_column=Column(Uuid))
    birthday: str | None = _text()  # 1980-03-15, or --03-15 when the year is not known
    language: str | None = _text()
    time_zone: str | None = _text()
    source: str | None = _text()
    phones: list[Any] = _json("[]")
    emails: list[Any] = _json("[]")
    addresses: list[Any] = _json("[]")
    hobbies: list[str] = _texts()
    achievements: str | None = _text()
    family_notes: str | None = _text()
    description: str | None = _text()
    owner_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's user
    team_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's team
    external_id: str | None = _text()
    tags: list[str] = _texts()
    custom: dict[str, Any] = _json("{}")
    search_text: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    search_grams: list[str] = _texts()
    search_digits: str = Field(sa_column=Column(Text, nullable=False, server_default=""))
    match_keys: list[str] = _texts()
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="1"))
    created_at: datetime = _instant("created_at")
    updated_at: datetime = _instant("updated_at")
    deleted_at: datetime | None = _instant("deleted_at", nullable=True)


class ContactAccount(Table, table=True):
    """A contact's place in an account: role in the buying centre, stance towards us."""

    __tablename__ = "contact_accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "contact_id", "account_id"),
        ForeignKeyConstraint(
            ["organisation_id", "contact_id"], ["contacts.organisation_id", "contacts.id"]
        ),
        ForeignKeyConstraint(
            ["organisation_id", "account_id"], ["accounts.organisation_id", "accounts.id"]
        ),
        _one_of("role", BUYING_ROLES),
        _one_of("stance", STANCES),
        Index("ix_contact_accounts_organisation_id_account_id", "organisation_id", "account_id"),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    contact_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    account_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    role: str | None = _text()
    stance: str | None = _text()
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})


class Import(Table, table=True):
    """A file that was sent to be imported: what it is, how it is taken, the job that does it."""

    __tablename__ = "imports"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        Index("ix_imports_organisation_id_created_by", "organisation_id", "created_by", "id"),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    resource: str = _text(nullable=False)
    file_name: str = _text(nullable=False)
    size: int = Field(sa_column=Column(BigInteger, nullable=False))
    sha256: str = _text(nullable=False)
    source: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))  # how it is read
    suggestion: dict[str, Any] = Field(
        sa_column=Column(JSONB, nullable=False)
    )  # column → field, score
    preview: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    options: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB))
    job_id: UUID | None = Field(default=None, sa_column=Column(Uuid))  # the newest, dry or not
    created_by: UUID | None = Field(default=None, sa_column=Column(Uuid))  # gateway's user
    created_at: datetime = _instant("created_at")


class ImportRow(Table, table=True):
    """A row of an import that did not go through wholly; see guanxi_shared/imports/kept_rows.py."""

    __tablename__ = "import_rows"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "job_id", "number"),
        ForeignKeyConstraint(
            ["organisation_id", "job_id"], ["jobs.organisation_id", "jobs.id"], ondelete="CASCADE"
        ),
        _one_of("status", ("refused", "postponed", "incomplete")),
    )

    organisation_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    job_id: UUID = Field(sa_column=Column(Uuid, nullable=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    line: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str = _text(nullable=False)
    cells: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    reasons: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    record_id: UUID | None = Field(default=None, sa_column=Column(Uuid))
    reference: dict[str, Any] = _json("{}")  # names of other records, to be looked up at the end
