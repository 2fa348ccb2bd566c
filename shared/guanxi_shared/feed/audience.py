"""What one person may hear of: their organisation's events, of the records that they may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    MetaData,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    false,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared.db import Database, bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()


@dataclass(frozen=True, slots=True)
class Audience:
    """What one caller may hear of: a scope for each kind of subject they may read."""

    scopes: tuple[tuple[str, Scope], ...]

    @property
    def shape(self) -> tuple[Any, ...]:
        return tuple((noun, scope.shape) for noun, scope in self.scopes)


async def read_visible(
    db: Database, metadata: MetaData, organisation_id: UUID, audience: Audience, *,
    after: int, types: Sequence[str], limit: int,
) -> list[asyncpg.Record]:  # fmt: skip
    """The organisation's numbered events behind a position that this caller may see."""
    patterns = [
        pattern.replace("_", "\\_").replace("%", "\\%").replace("*", "%") for pattern in types
    ]
    key = ("events", id(metadata), audience.shape, bool(patterns))
    compiled = SHAPES.get(key, lambda: _visible_select(metadata, audience, bool(patterns)))
    values: dict[str, Any] = {
        "organisation": organisation_id, "after": after, "most": limit, "patterns": patterns,
    }  # fmt: skip
    for noun, scope in audience.scopes:
        values |= {f"{noun}_{name}": value for name, value in scope.params().items()}
    return await db.pool.fetch(bound(compiled.sql), str(organisation_id), *compiled.args(values))


def _visible_select(metadata: MetaData, audience: Audience, has_patterns: bool) -> Any:
    events = metadata.tables["events"]
    allowed: list[ColumnElement[bool]] = [
        and_(events.c.subject_type == noun, predicate(events, scope, prefix=noun))
        for noun, scope in audience.scopes
    ]
    shown = [
        column if column.name not in ("before", "after") else cast(column, Text).label(column.name)
        for column in events.columns
    ]
    statement = select(*shown).where(
        events.c.organisation_id == bindparam("organisation", type_=Uuid),
        events.c.position > bindparam("after", type_=BigInteger),
        or_(false(), *allowed),  # nobody who may read nothing hears everything
    )
    if has_patterns:
        statement = statement.where(
            events.c.type.like(any_(bindparam("patterns", type_=ARRAY(Text))))
        )
    return statement.order_by(events.c.position).limit(bindparam("most", type_=BigInteger))
