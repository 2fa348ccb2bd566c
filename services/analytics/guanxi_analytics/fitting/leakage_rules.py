"""What may be learnt from: a field whose value was set at or after the end that is to be foretold tells the end. Pure.

Moments are those of the feeds' own changes, so that nobody can date a value back.
"""

from collections.abc import Mapping
from typing import Any, Final

FIELDS: Final = ("amount", "probability", "source", "stage_id", "reason")


def fields_sql(table: str, ended: str) -> str:
    """For each field of whatever has ended: how many have it, and how many had its present value set at or after the end. A
    value was set when the last other one ended, else when the record was first told of."""
    parts = ", ".join(
        f"count(p.{name}) AS {name}, count(p.{name}) FILTER (WHERE h.{name} >= p.{ended}) AS late_{name}"
        for name in FIELDS
    )
    moments = ", ".join(
        f"coalesce(max(h.ended_at) FILTER (WHERE h.{name} IS DISTINCT FROM p.{name}), min(h.recorded_at)) AS {name}"
        for name in FIELDS
    )
    return f"""
SELECT {parts} FROM {table} p, LATERAL (SELECT {moments} FROM {table} h WHERE h.organisation_id = $1
  AND h.subject_id = p.subject_id AND h.piece_id = p.piece_id) AS h
WHERE p.organisation_id = $1 AND p.ended_at IS NULL AND p.{ended} IS NOT NULL
"""


def judged_fields(counts: Mapping[str, int]) -> list[dict[str, Any]]:
    found = []
    for name in FIELDS:
        n, late = counts[name], counts[f"late_{name}"]
        if n == 0:
            told = "Nothing that has ended has it."
        elif late:
            told = f"Refused: of {n:,} that have it, {late:,} had it set when the end had come already."
        else:
            told = f"All {n:,} had it set before the end."
        found.append(
            {
                "field": name,
                "n": n,
                "late": late,
                "is_usable": n > 0 and late == 0,
                "sentence": told,
            }
        )
    return found
