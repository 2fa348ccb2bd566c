"""What people keep of their searching: views (how to look) and segments (who is meant)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
)  # fmt: skip
from sqlmodel import Field

from guanxi_contacts.db import Table
from guanxi_shared.columns import (
    id_column,
    instant_column,
    json_column,
    one_of,
    text_column,
    version_column,
)
from guanxi_shared.sharing import SHARED_WITH
from guanxi_shared.views.resource import add_views_table

IN_SEGMENTS = ("accounts", "contacts")
IN_VIEWS = (*IN_SEGMENTS, "activities")
SEGMENT_KINDS = ("dynamic", "frozen")


def _sharing() -> tuple[Any, ...]:
    return (
        one_of("shared_with", SHARED_WITH),
        CheckConstraint("(shared_with = 'team') = (shared_team_id IS NOT NULL)", name="sharing"),
    )


add_views_table(Table.metadata, IN_VIEWS)


class Segment(Table, table=True):
    """Accounts or contacts as a set: by what they are (dynamic), or one by one (frozen)."""

    __tablename__ = "segments"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        one_of("resource", IN_SEGMENTS),
        *_sharing(),
        one_of("kind", SEGMENT_KINDS),
        Index("ix_segments_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_segments_organisation_id_team_id", "organisation_id", "team_id", "id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)
    name: str = text_column(nullable=False)
    description: str | None = text_column()
    resource: str = text_column(nullable=False)
    kind: str = Field(sa_column=Column(Text, nullable=False, server_default="dynamic"))
    document: dict[str, Any] = json_column("{}")  # filter_groups; of a frozen one: as it was taken
    frozen_at: datetime | None = instant_column("frozen_at", nullable=True)
    members_changed_at: datetime | None = instant_column("members_changed_at", nullable=True)
    looked_at: datetime | None = instant_column("looked_at", nullable=True)  # by the worker
    not_told: str | None = text_column()  # why no account is told to be in it
    shared_with: str = Field(sa_column=Column(Text, nullable=False, server_default="nobody"))
    shared_team_id: UUID | None = id_column()
    owner_id: UUID | None = id_column()  # gateway's user
    team_id: UUID | None = id_column()  # as in views
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)


class SegmentMember(Table, table=True):
    """A record that was in a frozen segment when it was taken, or was added by hand."""

    __tablename__ = "segment_members"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "segment_id", "member_id"),
        ForeignKeyConstraint(
            ["organisation_id", "segment_id"], ["segments.organisation_id", "segments.id"]
        ),
        Index("ix_segment_members_organisation_id_member_id", "organisation_id", "member_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    segment_id: UUID = id_column(nullable=False)
    member_id: UUID = id_column(nullable=False)  # an account or a contact
    added_at: datetime = instant_column("added_at")


class SegmentAccount(Table, table=True):
    """That an account is in a segment, or was, as it was told. Owner and team are the segment's."""

    __tablename__ = "segment_accounts"
    __table_args__ = (
        PrimaryKeyConstraint("organisation_id", "id"),
        ForeignKeyConstraint(
            ["organisation_id", "segment_id"], ["segments.organisation_id", "segments.id"]
        ),
        Index("ix_segment_accounts_segment", "organisation_id", "segment_id", "account_id"),
        Index("ix_segment_accounts_account", "organisation_id", "account_id"),
    )

    organisation_id: UUID = id_column(nullable=False)
    id: UUID = id_column(nullable=False)  # made of the segment's and the account's
    segment_id: UUID = id_column(nullable=False)
    account_id: UUID = id_column(nullable=False)
    owner_id: UUID | None = id_column()
    team_id: UUID | None = id_column()
    version: int = version_column()
    created_at: datetime = instant_column("created_at")
    updated_at: datetime = instant_column("updated_at")
    deleted_at: datetime | None = instant_column("deleted_at", nullable=True)
