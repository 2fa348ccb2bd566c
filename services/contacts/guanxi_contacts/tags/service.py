"""Tags of all records that somebody sees: which there are, and one name for several."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_contacts.resources import BY_NAME
from guanxi_contacts.tags.rules import renamed
from guanxi_contacts.tags.schemas import TagRename
from guanxi_shared import delegation
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, bound
from guanxi_shared.jobs import create_job
from guanxi_shared.many_records import Change, load_many, write_many
from guanxi_shared.resources import Resource
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.search import found_in, table_of
from guanxi_shared.statements import Compiled, Shapes, compile_after_binding
from guanxi_shared.text import escape_like
from guanxi_shared.visibility import Directory, Scope, predicate

KIND: Final = "rename_tags"
BATCH: Final = 500
SHAPES = Shapes()


async def count_tags(
    call: Call, resource: Resource, *, prefix: str, limit: int
) -> list[dict[str, Any]]:
    """The tags that begin so (whatever the case), with how many visible records have each."""
    scope = await call.scope(resource.name)
    key = (resource.name, scope.shape, limit)
    compiled = SHAPES.get(key, lambda: _counts(resource, scope, limit))
    values = {
        "organisation": call.organisation,
        "prefix": f"{escape_like(prefix)}%",
        **scope.params(),
    }
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return [dict(row) for row in rows]


def _counts(resource: Resource, scope: Scope, limit: int) -> Select[str, int]:
    table = resource.table
    tag = func.unnest(table.c.tags, type_=Text).column_valued("tag")
    count = func.count().label("count")
    return (
        select(tag, count)
        .select_from(table)  # before what unnests its column
        .where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            table.c.deleted_at.is_(None),
            predicate(table, scope),
            tag.ilike(bindparam("prefix", type_=Text)),
        )
        .group_by(tag)
        .order_by(count.desc(), tag)
        .limit(literal_column(str(limit)))
    )


async def start_renaming(
    call: Call, connection: Connection, resource: Resource, data: TagRename
) -> UUID:
    params = {
        "resource": resource.name,
        "rename": data.model_dump(),
        "by": delegation.as_params(call.by),
    }
    return await create_job(
        connection, call.organisation, kind=KIND, params=params, created_by=call.by.user_id
    )


async def rename_tags(job: RunningJob) -> None:
    """Batch by batch, until no record that the asker may change has one of the tags; a batch that is
    done is not found again, so that a broken-off job just goes on."""
    by = delegation.from_params(job.params["by"])
    resource = BY_NAME[job.params["resource"]]
    data = TagRename.model_validate(job.params["rename"])
    scope = await Directory(job.database).scope(by, resource.name)
    compiled = compile_after_binding(_tagged(resource, scope))
    actor = delegation.actor_of(by, "tags")
    while True:
        async with job.transaction() as connection:
            values = {"organisation": job.organisation_id, "gone": data.gone, **_writers(scope)}
            rows = await connection.fetch(_held(compiled), "", *compiled.args(values))
            # Read once they are held: what a statement that waits reads of other tables is old.
            held = await load_many(connection, resource, [row["id"] for row in rows])
            changes = [
                Change(of, {"tags": renamed(of.row["tags"], data.gone, data.to)})
                for of in held.values()
            ]
            await write_many(connection, resource, changes, actor=actor)
            await job.save(connection, done=job.done + len(held))
        if len(held) < BATCH:
            return


def _tagged(resource: Resource, scope: Scope) -> Select[Any]:
    """Records that somebody may change, with one of the tags, under their locks in one order."""
    table, words = resource.table, table_of(resource)
    return (
        select(table.c.id)
        .where(
            table.c.organisation_id == bindparam("organisation", type_=Uuid),
            table.c.deleted_at.is_(None),
            found_in(table, words, words.c.tags.op("&&")(bindparam("gone", type_=ARRAY(Text)))),
            predicate(table, _as_writer(scope)),
        )
        .order_by(table.c.id)
        .limit(literal_column(str(BATCH)))
        .with_for_update(of=table, key_share=True)
    )


def _as_writer(scope: Scope) -> Scope:
    """What is shared for reading only stays as it is."""
    if scope.everything:
        return scope
    return Scope(owners=scope.owners, teams=scope.teams, shared=scope.shared_write)


def _writers(scope: Scope) -> dict[str, Any]:
    return _as_writer(scope).params()


def _held(compiled: Compiled) -> str:
    return f"SELECT found.* FROM (SELECT $1::text) AS bound, LATERAL ({compiled.sql}) AS found"
