"""Contacts: people, and their places in accounts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    texts_column,
    version_column,
)
from guanxi_shared.schema import add_search_table

BUYING_ROLES = ("decision_maker", "influencer", "user", "gatekeeper", "buyer", "champion", "other")
STANCES = ("supporter", "neutral", "opponent", "unknown")


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
        # One's own records filtered by the usual fields: answered from the index alone.
        Index(
            "ix_contacts_organisation_id_owner_id", "organisation_id", "owner_id", "updated_at", "id",
            postgresql_include=["deleted_at", "department", "source"],
        ),
        Index("ix_contacts_owned", "organisation_id", "owner_id", "id"),
        Index(
            "ix_contacts_organisation_id_team_id", "organisation_id", "team_id", "updated_at", "id",
            postgresql_where=text("team_id IS NOT NULL"),
        ),
        ForeignKeyConstraint(
            ["organisation_id", "merged_into_id"], ["contacts.organisation_id", "contacts.id"]
        ),
        Index(
            "ix_contacts_organisation_id_merged_into_id", "organisation_id", "merged_into_id",
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        Index(
            "ix_contacts_organisation_id_reports_to_id", "organisation_id", "reports_to_id",
            postgresql_where=text("reports_to_id IS NOT NULL"),
        ),
    )  # fmt: skip

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    given_name: str | None = text_column()
    family_name: str | None = text_column()
    name: str = text_column(nullable=False)  # whole, as people write it
    title: str | None = text_column()
    department: str | None = text_column()
    reports_to_id: UUID | None = id_column()
    birthday: str | None = text_column()  # 1980-03-15, or --03-15 when the year is not known
    language: str | None = text_column()
    time_zone: str | None = text_column()
    source: str | None = text_column()
    phones: list[Any] = json_column("[]")
    emails: list[Any] = json_column("[]")
    addresses: list[Any] = json_column("[]")
    hobbies: list[str] = texts_column()
    achievements: str | None = text_column()
    family_notes: str | None = text_column()
    description: str | None = text_column()
    do_not_contact: bool = Field(
        sa_column=Column(Boolean, nullable=False, server_default="false")
    )  # by nobody, whatever the consents say
    do_not_contact_reason: str | None = text_column()
    do_not_contact_since: datetime | None = instant_column("do_not_contact_since", nullable=True)
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # gateway's team
    external_id: str | None = text_column()
    tags: list[str] = texts_column()
    custom: dict[str, Any] = json_column("{}")
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
    erased_at: datetime | None = instant_column("erased_at", nullable=True)
    merged_into_id: UUID | None = id_column()  # deleted as a double
    as_shown: str | None = text_column()  # the contact as the API shows it


CONTACT_SEARCH = add_search_table(Table.metadata.tables["contacts"])


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
        one_of("role", BUYING_ROLES),
        one_of("stance", STANCES),
        Index("ix_contact_accounts_organisation_id_account_id", "organisation_id", "account_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    contact_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
    role: str | None = text_column()
    stance: str | None = text_column()
    is_primary: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
