"""The records that share a key with what is asked for: one statement, an index look-up a key.

Who may see what is decided afterwards, row by row: also a record that the caller may not see has to
be known of here (that it exists and whose it is may be said, nothing else).
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    select,
    text,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts import models
from guanxi_shared import resources as r
from guanxi_shared.db import Connection, Database, bound
from guanxi_shared.deferred import Deferred
from guanxi_shared.resources import Resource
from guanxi_shared.search import belongs, table_of
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope

MOST_BY_KEY = 20  # a name or a domain that more records share says little of each of them
USERS = models.Account.metadata.tables["directory_users"]
SHAPES = Shapes()
INSIDE = "SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({}) AS found"


class Candidate:
    """A stored record that may be the same: as the API shows it, its keys, whose it is."""

    def __init__(self, resource: Resource, row: asyncpg.Record) -> None:
        self.keys = frozenset(row["_keys"])
        self.owner_name: str | None = row["_owner"]
        self._resource = resource
        self._row = row

    @property
    def id(self) -> UUID:
        return UUID(self._row["id"])

    @property
    def owner_id(self) -> UUID | None:
        owner = self._row["owner_id"]
        return None if owner is None else UUID(owner)

    def is_visible_to(self, scope: Scope) -> bool:
        team = self._row["team_id"]
        return scope.covers(
            id=self.id, owner_id=self.owner_id, team_id=None if team is None else UUID(team)
        )

    def record(self) -> dict[str, Any]:
        """For those who may see it."""
        fields = self._resource.fields
        return {
            name: orjson.loads(self._row[name])
            if fields[name].kind in r.AS_JSON and self._row[name] is not None
            else self._row[name]
            for name in self._resource.shown
        }


async def candidates_by_keys(
    place: Database | Connection | Deferred, resource: Resource, organisation: UUID,
    *, keys: Sequence[str], ids: Iterable[UUID] = (), but: UUID | None = None,
) -> list[Candidate]:  # fmt: skip
    """Records that hold any of the keys, and those with the ids; never the record `but`.

    In a transaction under way (a connection) its own rows count too.
    """
    compiled = SHAPES.get(resource.name, lambda: _select(resource))
    values = {"organisation": organisation, "keys": list(keys), "ids": list(ids), "but": but}
    args = compiled.args(values)
    if isinstance(place, Database):
        rows = await place.points.fetch(bound(compiled.sql), str(organisation), *args)
    else:
        rows = await place.fetch(INSIDE.format(compiled.sql), str(organisation), *args)
    return [Candidate(resource, row) for row in rows]


# The materialised part is planned as if all of it were wanted (by the index, whatever the planner
# thinks of an unknown key) and yet read only as far as the limit goes. Within a subselect nobody counts
# the keys before they are asked for: a plan for seven of them would always seem cheaper than the one
# for any number, and be made anew each time: half of what Postgres spent on a check.
BY_KEY = """
SELECT hits.id FROM unnest((SELECT CAST(:keys AS text[]))) AS asked (key), LATERAL (
  WITH keyed AS MATERIALIZED (
    SELECT kept.id FROM {words} AS kept WHERE kept.organisation_id = :organisation
      AND kept.match_keys @> ARRAY[asked.key] AND kept.deleted_at IS NULL
  ) SELECT keyed.id FROM keyed LIMIT {most}
) AS hits
UNION SELECT unnest((SELECT CAST(:ids AS uuid[])))
"""


def _select(resource: Resource) -> Select[Any]:
    table, words = resource.table, table_of(resource)
    but: ColumnElement[Any] = bindparam("but", type_=Uuid)
    shown = [resource.fields[name].shown.label(name) for name in resource.shown]
    same_owner = USERS.c.organisation_id == table.c.organisation_id
    return (
        select(*shown, words.c.match_keys.label("_keys"), USERS.c.name.label("_owner"))
        .join_from(table, words, belongs(resource))
        .join(USERS, same_owner & (USERS.c.id == table.c.owner_id), isouter=True)
        .where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            # As an array it counts as few: each record by its key, not the table beside a hash.
            table.c.id == any_(func.array(select(_ids_by_key(words).c.id).scalar_subquery())),
            table.c.deleted_at.is_(None),
            table.c.id.is_distinct_from(but),
        )
    )


def _ids_by_key(words: Table) -> CTE:
    sql = text(BY_KEY.format(words=words.name, most=MOST_BY_KEY)).bindparams(
        bindparam("organisation", type_=Uuid),
        bindparam("keys", type_=ARRAY(Text)),
        bindparam("ids", type_=ARRAY(Uuid)),
    )
    return sql.columns(column("id", Uuid)).cte("hits")
