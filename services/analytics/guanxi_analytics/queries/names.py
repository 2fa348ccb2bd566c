"""What the ids among a query's dimensions are called, for those who may see it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, Text, Uuid, any_, bindparam, cast, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_analytics.facts.kinds import CAUSES, SEGMENTS, TABLES, TERRITORIES
from guanxi_analytics.queries.asked import Asked
from guanxi_analytics.queries.beside import ACCOUNT, CAMPAIGN, one
from guanxi_analytics.queries.dimensions import DIMENSIONS
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import EVERYTHING, Scope, predicate

SHAPES: Final = Shapes()
OWN: Final = {
    "account": (ACCOUNT, "accounts"), "campaign": (CAMPAIGN, "campaigns"), "root_cause": (CAUSES.table, "root-causes"),
    "segment": (SEGMENTS.table, "segments"), "territory": (TERRITORIES.table, "territories"),
}  # fmt: skip
NOBODYS: Final = frozenset({"root-causes"})
KEPT: Final = {"user": "directory_users", "team": "directory_teams"}


async def names_of(call: Call, asked: Asked, keys: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """For each dimension of ids: id to name. Of an account or campaign that the caller does not see there is none."""
    found: dict[str, Any] = {}
    for n, name in enumerate(asked.dimensions):
        dimension = DIMENSIONS.get(name)
        if dimension is None or dimension.named_by is None:
            continue
        ids = sorted({key[n] for key in keys if key[n] is not None})
        found[name] = await _names(call, dimension.named_by, ids)
    return found


async def account_names(call: Call, ids: list[Any]) -> dict[str, str]:
    """By id, as text, of those whom the caller sees."""
    return await _names(call, "account", ids)


async def _names(call: Call, noun: str, ids: list[Any]) -> dict[str, str]:
    resource = OWN[noun][1] if noun in OWN else None
    if not ids or (resource is not None and not call.by.may(f"{resource}:read")):
        return {}
    is_everybodys = resource is None or resource in NOBODYS
    scope = EVERYTHING if is_everybodys else await call.scope(str(resource))
    statement = SHAPES.get((noun, scope.shape), lambda: _select(noun, scope))
    values = {"organisation": call.organisation, "ids": ids, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return {row["id"]: row["name"] for row in rows}


def _select(noun: str, scope: Scope) -> Select[Any]:
    is_own = noun in OWN
    table = OWN[noun][0] if is_own else TABLES[KEPT[noun]]
    id = table.c.subject_id if is_own else table.c.id
    wanted = [
        table.c.organisation_id == bindparam("organisation", type_=Uuid),
        id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    ]
    if is_own:
        seen = predicate(table, scope)
        if "shared_with" in table.c:
            seen = or_(seen, table.c.shared_with == one("all"))
        wanted += [table.c.ended_at.is_(None), seen]
    if noun == "campaign":
        wanted.append(table.c.line == one("campaign"))
    return select(cast(id, Text).label("id"), table.c.name).where(*wanted)
