"""Terms of contracts as learning takes them: counts, small enough to be handed over at once."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_analytics.contracts import renewal_rules, statements
from guanxi_analytics.contracts.renewal_rules import GRACE
from guanxi_shared.db import Connection, bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import EVERYTHING

SHAPES: Final = Shapes()
STATEMENTS: Final = {
    "terms": lambda: statements.retention(EVERYTHING, by=None, is_past=False),
    "cells": lambda: statements.ends(EVERYTHING, is_past=False),
    "to_come": lambda: statements.due_to_come(EVERYTHING),
}
FIRST: Final = """
SELECT min(valid_from) FROM contract_facts WHERE organisation_id = $1 AND ended_at IS NULL AND valid_from <= $2
"""
# Hazards as they were said at the fit before.
SAID: Final = """
SELECT (found->'said')::text FROM fitted_models WHERE organisation_id = $1 AND name = 'renewal-hazard'
ORDER BY fitted_at DESC, id DESC LIMIT 1
"""


async def read_contracts(connection: Connection, organisation: UUID, until: date) -> dict[str, Any]:
    """As `learn_contracts` takes it."""
    values = {"organisation": organisation, "until": until, "grace": GRACE}
    rows = {}
    for name, build in STATEMENTS.items():
        statement = SHAPES.get(name, build)
        found = await connection.fetch(
            bound(statement.sql), str(organisation), *statement.args(values)
        )
        rows[name] = [dict(row) for row in found]
    first = await connection.fetchval(FIRST, organisation, until)
    said = await connection.fetchval(SAID, organisation)
    return {
        "terms": rows["terms"], "places": statements.LAST_PLACE, "last": renewal_rules.last_whole(until, GRACE),
        "cells": renewal_rules.cells_of(rows["cells"]), "first": None if first is None else first.toordinal(),
        "to_come": [(row["term"], row["n"], row["contracts"]) for row in rows["to_come"]],
        "before": [] if said is None else orjson.loads(said),
    }  # fmt: skip
