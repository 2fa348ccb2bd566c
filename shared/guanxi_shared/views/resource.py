"""The table of saved views and its allow-list."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from guanxi_shared import resources as r
from guanxi_shared.columns import one_of
from guanxi_shared.resources import Resource, fields_of
from guanxi_shared.schema import instant
from guanxi_shared.sharing import SHARED_WITH
from guanxi_shared.views.schemas import ViewRead


def add_views_table(metadata: MetaData, resources: Sequence[str] = ()) -> Table:
    """A search by a name: what is asked, which columns are shown, in which order.

    `team_id` is whose it is by the one rule of visibility: the team it is shared with, or the
    organisation itself, which everybody has among their teams where views are read (see sharing.py).
    With `resources` the database refuses views of others, too.
    """
    named = [one_of("resource", tuple(resources))] if resources else []
    return Table(
        "views",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("name", Text, nullable=False),
        Column("resource", Text, nullable=False),
        Column("document", JSONB, nullable=False, server_default="{}"),  # filter_groups, query, sorts
        Column("columns", ARRAY(Text), nullable=False, server_default="{}"),
        Column("shared_with", Text, nullable=False, server_default="nobody"),
        Column("shared_team_id", Uuid),
        Column("owner_id", Uuid),  # gateway's user
        Column("team_id", Uuid),
        Column("version", BigInteger, nullable=False, server_default="1"),
        instant("created_at", now=True),
        instant("updated_at", now=True),
        instant("deleted_at", nullable=True),
        PrimaryKeyConstraint("organisation_id", "id"),
        *named,
        one_of("shared_with", SHARED_WITH),
        CheckConstraint("(shared_with = 'team') = (shared_team_id IS NOT NULL)", name="sharing"),
        Index("ix_views_organisation_id_owner_id", "organisation_id", "owner_id", "id"),
        Index("ix_views_organisation_id_team_id", "organisation_id", "team_id", "id"),
    )  # fmt: skip


def views_resource(service: str, metadata: MetaData) -> Resource:
    table = metadata.tables["views"]
    fields = fields_of(table, hidden=("team_id",))
    return Resource(
        name="views",
        noun="view",
        service=service,
        table=table,
        fields=fields | {"document": replace(fields["document"], kind=r.OBJECT)},
        is_for_everybody=True,
        model=ViewRead,
    )
