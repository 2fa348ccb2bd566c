"""Answers that are kept: found again while nothing they were made from has changed.

An answer depends on the query with its days and values, on whose records the caller sees, on the code, and on the
facts. All but the facts are in the key; of those the watermark counts the changes. Two people who see the same share an
answer; whoever sees other records has a key of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import orjson

from guanxi_analytics.queries.answering import smallest_cell
from guanxi_analytics.queries.asked import Asked
from guanxi_analytics.queries.dimensions import DIMENSIONS
from guanxi_shared.calls import Call
from guanxi_shared.db import Database, bound
from guanxi_shared.schedules import delete_expired, schedule

PACKAGE: Final = Path(__file__).parents[1]
MARKS: Final = (
    "SELECT coalesce(string_agg(source || ':' || version, ' ' ORDER BY source), '') FROM {}"
)
FIND: Final = f"""
SELECT m.marks, concat_ws(' ', m.marks, 'directory:' || m.directory) AS watermark, r.answer, r.computed_at
FROM (SELECT ({MARKS.format("fact_marks WHERE organisation_id = $2")}) AS marks,
  (SELECT version FROM directory_state WHERE organisation_id = $2) AS directory) AS m
LEFT JOIN report_results r ON r.organisation_id = $2 AND r.key = $3
  AND r.watermark = concat_ws(' ', m.marks, 'directory:' || m.directory)
"""
# Kept only if the facts are still those: their counts are held, so that an erasure is before this or after it.
KEEP: Final = f"""
WITH held AS (SELECT source, version FROM fact_marks WHERE organisation_id = $1 FOR SHARE SKIP LOCKED)
INSERT INTO report_results AS r (organisation_id, key, watermark, code_version, parameters, answer)
SELECT $1, $2, $3, $4, $5::text::jsonb, $6 WHERE ({MARKS.format("held")}) = $7
ON CONFLICT (organisation_id, key) DO UPDATE SET watermark = excluded.watermark, parameters = excluded.parameters,
  answer = excluded.answer, computed_at = clock_timestamp()
"""


def version_of(*folders: Path) -> int:
    """Another number for other sources: what the code of yesterday answered is not found by that of today."""
    digest = sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    return int.from_bytes(digest.digest()[:4]) >> 1  # an integer of Postgres


CODE_VERSION: Final = version_of(PACKAGE / "queries", PACKAGE / "reports")


@dataclass(frozen=True, slots=True)
class Found:
    """`answer` is None where there is none that still holds."""

    key: bytes
    marks: str
    watermark: str
    answer: bytes | None
    computed_at: datetime | None


async def find_kept(call: Call, asked: Asked, *, is_graded: bool) -> Found:
    key = sha256(orjson.dumps(await _made_from(call, asked, is_graded), default=str)).digest()
    row = await call.db.pool.fetchrow(bound(FIND), str(call.organisation), call.organisation, key)
    assert row is not None
    return Found(key, row["marks"], row["watermark"], row["answer"], row["computed_at"])


async def keep(call: Call, found: Found, parameters: Mapping[str, Any], answer: bytes) -> None:
    said = orjson.dumps(parameters, default=str).decode()
    async with call.db.transaction(call.organisation) as connection:
        await connection.execute(
            KEEP, call.organisation, found.key, found.watermark, CODE_VERSION, said, answer, found.marks
        )  # fmt: skip


async def _made_from(call: Call, asked: Asked, is_graded: bool) -> list[Any]:
    resources = {cube.resource for cube in asked.cubes}
    names = {DIMENSIONS[name].named_by for name in asked.dimensions if name in DIMENSIONS}
    may_name = "account" in names and call.by.may("accounts:read")
    if may_name:
        resources.add("accounts")
    resources |= asked.groupings
    scopes = [(each, await call.scope(each)) for each in sorted(resources)]
    return [
        CODE_VERSION, smallest_cell(call), is_graded, may_name, call.by.may("root-causes:read"), str(call.clock.zone), asked.documents,
        _conditions(asked),
        parameters_of(asked),
        [(name, s.everything, s.owners, s.teams, sorted(s.shared)) for name, s in scopes],
    ]  # fmt: skip


def _conditions(asked: Asked) -> list[Any]:
    """Filters with their values: `-30d` is another day tomorrow."""
    return [
        (cube, [[(c.field.name, c.operator, repr(c.value)) for c in group] for group in groups])
        for cube, groups in sorted(asked.groups.items())
    ]


def parameters_of(asked: Asked) -> dict[str, Any]:
    return {
        "measures": [measure.name for measure in asked.measures], "dimensions": list(asked.dimensions),
        "from": _day(asked.first), "until": _day(asked.until),
        "compared": None if asked.shift is None else {"months": asked.shift.months, "days": asked.shift.days},
        "today": _day(asked.today) if asked.is_of_today else None,
        "order_by": asked.order_by, "top": asked.top,
        "as_of": None if asked.as_of is None else asked.as_of.isoformat(),
    }  # fmt: skip


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@schedule("37 3 * * *", name="delete-kept-answers")
async def delete_kept_answers(database: Database) -> None:
    """Those of a month ago, whose days nobody asks for any more."""
    await delete_expired(database, "report_results")
