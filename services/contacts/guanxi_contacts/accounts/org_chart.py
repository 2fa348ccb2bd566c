"""The people of an account as the tree of who reports to whom."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, cast, select

from guanxi_contacts.resources import ACCOUNTS, CONTACT, LINK
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()
MOST_PEOPLE = 5_000
DEEPEST = 100


async def read_org_chart(call: Call, account_id: UUID) -> dict[str, Any]:
    """Visible people only: somebody below an invisible superior stands at the top."""
    await reads.find_record(call, ACCOUNTS, account_id)
    scope = await call.scope("contacts")
    compiled = SHAPES.get(scope.shape, lambda: _select(scope))
    values = {"organisation": call.organisation, "account": account_id, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return {"account_id": account_id, "people": tree_of([dict(row) for row in rows])}


def _select(scope: Scope) -> Any:
    shown = [
        cast(CONTACT.c.id, Text).label("id"),
        CONTACT.c.name,
        CONTACT.c.title,
        CONTACT.c.department,
    ]
    superior = cast(CONTACT.c.reports_to_id, Text).label("reports_to_id")
    belongs = (LINK.c.organisation_id == CONTACT.c.organisation_id) & (
        LINK.c.contact_id == CONTACT.c.id
    )
    return (
        select(*shown, superior, LINK.c.role, LINK.c.stance, LINK.c.is_primary)
        .join(LINK, belongs)
        .where(
            CONTACT.c.organisation_id == bindparam("organisation", type_=Uuid),
            LINK.c.account_id == bindparam("account", type_=Uuid),
            CONTACT.c.deleted_at.is_(None),
            predicate(CONTACT, scope),
        )
        .order_by(CONTACT.c.name, CONTACT.c.id)
        .limit(MOST_PEOPLE)
    )


def tree_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Nodes with their `reports`, roots first in the order of the rows. Cycles cannot be stored; who
    would stand deeper than readers of JSON follow stands at the top, too."""
    nodes = {
        row["id"]: {**{k: v for k, v in row.items() if k != "reports_to_id"}, "reports": []}
        for row in rows
    }
    superiors = {row["id"]: row["reports_to_id"] for row in rows if row["reports_to_id"] in nodes}
    roots: list[dict[str, Any]] = []
    levels = _levels(superiors)
    for id, node in nodes.items():
        is_below = levels.get(id, 0) % DEEPEST > 0
        (nodes[superiors[id]]["reports"] if is_below else roots).append(node)
    return roots


def _levels(superiors: Mapping[str, str]) -> dict[str, int]:
    """How many stand above each; of whom nobody stands above, nothing is said."""
    levels: dict[str, int] = {}
    for start in superiors:
        path, each = [], start
        while each in superiors and each not in levels:
            path.append(each)
            each = superiors[each]
        above = levels.get(each, 0)
        for n, below in enumerate(reversed(path), above + 1):
            levels[below] = n
    return levels
