"""A table as phones hold it: which rows, which columns, and how what a phone says is written."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, MetaData, PrimaryKeyConstraint, Table, Text, Uuid, func

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.resources import Resource
from guanxi_shared.sync.cells import Cell

# (call, connection, id, cleaned values) and for an update the stored values too.
Create = Callable[[Call, Connection, UUID, Mapping[str, Any]], Awaitable[Any]]
Update = Callable[[Call, Connection, UUID, Mapping[str, Any], Mapping[str, Any]], Awaitable[Any]]
Delete = Callable[[Call, Connection, UUID, Mapping[str, Any]], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Writes:
    """The service's own use cases, fed from a phone's columns. The permissions are those of the API's
    routes for the same."""

    create: Create
    update: Update
    delete: Delete
    may_create: str
    may_update: str
    may_delete: str


@dataclass(frozen=True, slots=True)
class SyncTable:
    """`resource` says who sees a row; `source` is what rows are read from, the resource's table unless
    said otherwise, with `id`, `organisation_id`, `deleted_at`, and for owned ones `owner_id`, `team_id`.

    `parent` is the column that names the record whose sight and log decide for rows that are a part of it
    (`parent_changes` are the fields of that one which move it into view or out of it). `kept` is more SQL
    that `writes` wants to see of a stored row; `follows` the tables of other services whose records, once
    deleted, take the rows along that name them in a column. `recent` is when a row was of interest last.
    """

    name: str
    resource: Resource
    nouns: tuple[str, ...]
    cells: Mapping[str, Cell]
    writes: Writes | None = None
    source: str = ""
    parent: str | None = None
    parent_noun: str = ""
    parent_changes: tuple[str, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)
    follows: Mapping[str, str] = field(default_factory=dict)
    recent: str | None = None
    where: str = "true"
    inner: str | None = None
    inner_permission: str | None = None

    @property
    def rows(self) -> str:
        return self.source or str(self.resource.table.name)

    @property
    def key(self) -> str:
        """The column that names whose log and shares decide about a row."""
        return self.parent or "id"


def add_sync_table(metadata: MetaData) -> Table:
    """Which device made a record: that one never hears of it as something new."""
    return Table(
        "sync_makers",
        metadata,
        Column("organisation_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("device_id", Text, nullable=False),
        Column("user_id", Uuid, nullable=False),
        Column(
            "created_at", DateTime(timezone=True), nullable=False,
            server_default=func.clock_timestamp(),
        ),
        PrimaryKeyConstraint("organisation_id", "id"),
    )  # fmt: skip
