"""Visible accounts around a point, nearest first."""

from collections.abc import Sequence
from typing import Any

import asyncpg
import orjson
from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from guanxi_contacts.places.asked import Nearby, cursor_of
from guanxi_contacts.places.rules import EARTH_RADIUS_M, Box, boxes_around, rings
from guanxi_contacts.resources import ACCOUNT, ACCOUNTS
from guanxi_shared import filters
from guanxi_shared import resources as r
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.filters import Binder
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()


async def read_nearby(call: Call, asked: Nearby) -> dict[str, Any]:
    scope, limit = await call.scope(ACCOUNTS.name), asked.query.limit
    beyond = asked.after[0] if asked.after is not None else 0.0
    found: list[asyncpg.Record] = []
    for ring in rings(asked.radius_m, beyond_m=beyond):
        found = await _within(call, asked, scope, ring)
        if len(found) > limit:
            break
    has_more, found = len(found) > limit, found[:limit]
    following = cursor_of(asked, found[-1]["distance"], found[-1]["id"]) if has_more else None
    return {
        "data": [_shown(row, asked.query.fields) for row in found],
        "page": {"next_cursor": following, "has_more": has_more, "total": None},
    }


def _shown(row: asyncpg.Record, names: Sequence[str]) -> dict[str, Any]:
    shown = {
        name: orjson.Fragment(row[name])
        if row[name] is not None and ACCOUNTS.fields[name].kind in r.AS_JSON
        else row[name]
        for name in names
    }
    return shown | {"distance_m": round(row["distance"], 1)}


async def _within(call: Call, asked: Nearby, scope: Scope, radius_m: float) -> list[Any]:
    boxes, bind, query = boxes_around(asked.centre, radius_m), Binder(), asked.query
    wanted = filters.compile_groups(query.groups, bind)
    key = (
        query.fields, filters.shape_of(query.groups), scope.shape, len(boxes), query.limit,
        asked.after is None, tuple(c.field.kind for group in query.groups for c in group),
    )  # fmt: skip
    compiled = SHAPES.get(key, lambda: _select(asked, scope, len(boxes), wanted))
    values = {
        "organisation": call.organisation, "latitude": asked.centre.latitude,
        "longitude": asked.centre.longitude, "radius": radius_m, **_sides(boxes), **bind.values,
        **scope.params(),
    }  # fmt: skip
    if asked.after is not None:
        values |= {"after_distance": asked.after[0], "after_id": asked.after[1]}
    return await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )


def _sides(boxes: Sequence[Box]) -> dict[str, float]:
    named = {"south": boxes[0].south, "north": boxes[0].north}
    named |= {f"west{i}": box.west for i, box in enumerate(boxes)}
    return named | {f"east{i}": box.east for i, box in enumerate(boxes)}


def _select(
    asked: Nearby, scope: Scope, boxes: int, wanted: ColumnElement[bool] | None
) -> Select[Any]:
    columns = [ACCOUNTS.fields[name].shown.label(name) for name in asked.query.fields]
    near = (
        select(*columns, ACCOUNT.c.id.label("_id"), _distance().label("distance"))
        .where(
            ACCOUNT.c.organisation_id == bindparam("organisation", type_=Uuid),
            ACCOUNT.c.deleted_at.is_(None),
            ACCOUNT.c.latitude.between(_degrees("south"), _degrees("north")),
            or_(
                *(
                    ACCOUNT.c.longitude.between(_degrees(f"west{i}"), _degrees(f"east{i}"))
                    for i in range(boxes)
                )
            ),
            predicate(ACCOUNT, scope),
            *([wanted] if wanted is not None else []),
        )
        .subquery("near")
    )
    place = tuple_(near.c.distance, near.c._id)
    within: list[ColumnElement[bool]] = [near.c.distance <= bindparam("radius", type_=Float)]
    if asked.after is not None:
        last = tuple_(bindparam("after_distance", type_=Float), bindparam("after_id", type_=Uuid))
        within.append(place > last)
    return (
        select(near).where(and_(*within)).order_by(near.c.distance, near.c._id)
        .limit(asked.query.limit + 1)
    )  # fmt: skip


def _degrees(name: str) -> ColumnElement[float]:
    return bindparam(name, type_=Float)


def _distance() -> ColumnElement[float]:
    """`rules.distance_m` as SQL."""
    latitude, longitude = _degrees("latitude"), _degrees("longitude")
    across = func.power(func.sin(func.radians(ACCOUNT.c.latitude - latitude) / 2), 2)
    along = func.power(func.sin(func.radians(ACCOUNT.c.longitude - longitude) / 2), 2)
    cosines = func.cos(func.radians(latitude)) * func.cos(func.radians(ACCOUNT.c.latitude))
    haversine = func.sqrt(across + cosines * along)
    return 2 * EARTH_RADIUS_M * func.asin(func.least(1.0, haversine))
