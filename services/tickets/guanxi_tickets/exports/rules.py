"""The records of tickets as rows of a table: the same names that an import reads. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from guanxi_shared.exports.flat_rules import plain
from guanxi_shared.exports.tables import Names

Row = dict[str, Any]
OF_CLOCKS: Final = {
    "sla_state": "state", "sla_due_at": "due_at", "sla_clock": "clock", "sla_breached": "breached",
}  # fmt: skip
# Settings that are no list of words: as a request would have them.
AS_JSON: Final = frozenset({"shifts", "filter_groups"})
# Columns whose fields are ids, shown by their names with the ids beside.
NAMED: Final = ("owner", "team", "account", "requester", "contact")
SETTINGS: Final = ("category", "calendar", "sla_policy", "survey")
WIDE: Final[Mapping[str, Sequence[str]]] = {
    **{f"{name}_id": (name, f"{name}_id") for name in NAMED},
    "assignee_id": ("owner", "owner_id"),
    "user_id": ("user", "user_id"),
    **{f"{name}_id": (name, f"{name}_id") for name in SETTINGS},
    "sla": tuple(OF_CLOCKS),
}


def flat(row: Mapping[str, Any], names: Names) -> Row:
    """A record with lists and objects as columns."""
    found: Row = {}
    for name, stored in row.items():
        value = plain(stored)
        if name == "custom":
            found |= {f"custom.{key}": item for key, item in value.items()}
        elif name == "sla":
            found |= {column: (value or {}).get(part) for column, part in OF_CLOCKS.items()}
        elif name == "skills":
            parts = [f"{each['skill']}: {each['level']}" for each in value]
            found[name] = _listed(parts, value)
        elif name == "answers":
            parts = [f"{key}: {_said(said)}" for key, said in sorted(value.items())]
            found[name] = _listed(parts, value)
        elif name in AS_JSON:
            found[name] = None if value is None else _said(value)
        else:
            found["owner_id" if name == "assignee_id" else name] = value
    for name in (*NAMED, *SETTINGS):
        if f"{name}_id" in found:
            found[name] = names.get(name, {}).get(found[f"{name}_id"])
    if "user_id" in found:
        found["user"] = names.get("owner", {}).get(found["user_id"])
    return found


def _listed(parts: Sequence[str], value: Any) -> list[str] | str:
    """A line for each, which an import reads again; JSON where one has marks that part them."""
    return _said(value) if any(mark in part for part in parts for mark in ";\n") else list(parts)


def _said(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
