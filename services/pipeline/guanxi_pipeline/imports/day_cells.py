"""The first day of a period that a row or the defaults name, as a day or as the period itself."""

from collections.abc import Callable
from datetime import date
from typing import Any

from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.prepared import Prepared
from guanxi_shared.imports.preparing import HeldAgainst
from guanxi_shared.tables.cell_problem import CellProblem
from guanxi_shared.tables.moments import parse_day


def take_first_day(
    found: Prepared, document: dict[str, Any], name: str, held: HeldAgainst,
    read: Callable[[str], date | None],
) -> str | None:  # fmt: skip
    """Out of the document, as the API writes days; a reason of the row where it is none. `read` knows the
    periods that are meant (see period_rules.py)."""
    said = document.pop(name, None)
    if said is None:
        return None
    text, column = str(said), held.cells.column_of(name) or name
    try:
        return (read(text) or parse_day(text, column, day_first=held.options.day_first)).isoformat()
    except CellProblem as problem:
        found.reasons.append(reason(column, text, problem.detail))
        return None
