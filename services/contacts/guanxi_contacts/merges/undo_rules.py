"""What can be put back after a merge, and what later changes prevent: pure comparisons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from guanxi_contacts.merges.rules import FILLED

Document = dict[str, Any]
# Columns that follow from a field go back with it.
FOLLOWING: Mapping[str, Sequence[str]] = {"addresses": ("latitude", "longitude")}


@dataclass(frozen=True, slots=True)
class Restored:
    """Columns to put back; fields that changed since, with what they are and what they were."""

    columns: Document
    changed: dict[str, tuple[Any, Any]]


def restored(
    now: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any],
    fields: Mapping[str, Sequence[str]],
) -> Restored:  # fmt: skip
    """Field by field: as the merge left it, it goes back; as it was before, it stays; otherwise it
    was changed since. Of documents (custom) each part is a field of its own. All as JSON holds it."""
    columns: Document = {}
    changed: dict[str, tuple[Any, Any]] = {}
    for field, parts in _touched(fields, after).items():
        if field in FILLED:
            columns[field], lost = _restored_parts(now[field], before[field], after[field])
            changed |= {f"{field}.{part}": values for part, values in lost.items()}
            continue
        own = {part: now[part] for part in parts}
        if own == {part: after[part] for part in parts}:
            columns |= {part: before[part] for part in parts}
        elif own != {part: before[part] for part in parts}:
            changed[field] = (_shown(own, parts), _shown(before, parts))
    return Restored({n: v for n, v in columns.items() if v != now[n]}, changed)


def _touched(fields: Mapping[str, Sequence[str]], after: Mapping[str, Any]) -> dict[str, list[str]]:
    """The fields that a merge changed, each with its columns and those that follow from it."""
    found: dict[str, list[str]] = {}
    for field, columns in fields.items():
        parts = [part for part in (*columns, *FOLLOWING.get(field, ())) if part in after]
        if parts:
            found[field] = parts
    return found


def _restored_parts(
    now: Document | None, before: Document | None, after: Document | None
) -> tuple[Document | None, dict[str, tuple[Any, Any]]]:
    own, old, new = now or {}, before or {}, after or {}
    result, changed = dict(own), {}
    for part in sorted(old.keys() | new.keys()):
        if own.get(part) == new.get(part):
            result.pop(part, None)
            result |= {part: old[part]} if part in old else {}
        elif own.get(part) != old.get(part):
            changed[part] = (own.get(part), old.get(part))
    return (None if not result and before is None else result), changed


def _shown(values: Mapping[str, Any], parts: Sequence[str]) -> Any:
    return values[parts[0]] if len(parts) == 1 else {part: values[part] for part in parts}
