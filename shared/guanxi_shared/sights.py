"""Which of some records somebody sees."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, bound
from guanxi_shared.resources import Resource
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()


async def seen_of(
    call: Call, resource: Resource, ids: Iterable[UUID], *, within: Connection | None = None
) -> list[UUID]:
    """Those of the records (deleted ones too) that the caller sees, by id; `within` is the transaction
    that may just have written them."""
    found, scope = sorted(set(ids)), await call.scope_of(resource)
    if not found or scope.everything:
        return found
    compiled = SHAPES.get((resource.name, scope.shape), lambda: _visible(resource, scope))
    args = compiled.args({"found": found, **scope.params()})
    asked = call.db.pool if within is None else within
    rows = await asked.fetch(bound(compiled.sql), str(call.organisation), *args)
    return [row["id"] for row in rows]


def _visible(resource: Resource, scope: Scope) -> Select[UUID]:
    table = resource.table
    among = table.c.id == any_(bindparam("found", type_=ARRAY(Uuid)))
    return select(table.c.id).where(among, predicate(table, scope)).order_by(table.c.id)
