"""Tickets as rows of a table: the same names that an import reads, so that a table comes back whole. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
OF_CLOCKS: Final = {
    "sla_state": "state", "sla_due_at": "due_at", "sla_clock": "clock", "sla_breached": "breached",
}  # fmt: skip
# Columns whose fields are ids, shown by their names with the ids beside.
NAMED: Final = ("owner", "team", "account", "requester")
WIDE: Final[Mapping[str, Sequence[str]]] = {
    **{f"{name}_id": (name, f"{name}_id") for name in NAMED},
    "assignee_id": ("owner", "owner_id"),
    "sla": tuple(OF_CLOCKS),
}


def flat(row: Mapping[str, Any], names: Names) -> Row:
    """A ticket with lists and objects as columns."""
    found: Row = {}
    for name, stored in row.items():
        value = plain(stored)
        if name == "custom":
            found |= {f"custom.{key}": item for key, item in value.items()}
        elif name == "sla":
            found |= {column: (value or {}).get(part) for column, part in OF_CLOCKS.items()}
        else:
            found["owner_id" if name == "assignee_id" else name] = value
    for name in NAMED:
        if f"{name}_id" in found:
            found[name] = names.get(name, {}).get(found[f"{name}_id"])
    return found
