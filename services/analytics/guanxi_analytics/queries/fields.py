"""What filter documents may ask of a cube's rows."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from guanxi_analytics.facts.kinds import OF_ROWS
from guanxi_analytics.queries.cubes import ACCOUNT, CUBES, Cube
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, fields_of

OF_ACCOUNT: Final = (
    "industry",
    "region",
    "grade",
    "lifecycle_stage",
    "relationship_level",
    "needs_tier",
)
KEYS: Final = {
    "order": "order_id",
    "opportunity": "opportunity_id",
    "ticket": "ticket_id",
    "survey": "answer_id",
    "entitlement": "entitlement_id",
}


@cache
def fields_of_cube(name: str) -> Mapping[str, Field]:
    """By name: those of the fact itself, its record's id, and those of the account that it names."""
    cube = CUBES[name]
    own = {
        field: value for field, value in fields_of(cube.table, hidden=()).items() if field not in OF_ROWS
    }  # fmt: skip
    own = {field: value for field, value in own.items() if value.is_filtered}
    key = KEYS[cube.kind.noun]
    subject = cube.table.c.subject_id
    own[key] = Field(key, r.ID, subject, subject, ("subject_id",))
    for field in OF_ACCOUNT:
        column = ACCOUNT.c[field]
        own[field] = Field(field, r.TEXT, column, column, (field,))
    return own


def asks_account(cube: Cube, names: Any) -> bool:
    return any(name in OF_ACCOUNT for name in names)
