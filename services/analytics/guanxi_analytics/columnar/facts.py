"""Which columns of facts are kept as Parquet, and what Postgres is asked for them. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from uuid import UUID

import pyarrow as pa

MONEY: Final = pa.decimal128(18, 4)


@dataclass(frozen=True)
class Columns:
    """A kind of facts as columns. `day` is the expression of the day by whose month a row lies; ids go as text. `sums` is what
    Postgres and DuckDB have to agree about, of the rows that are present: a name and figures for each group."""

    name: str
    table: str
    day: str
    ids: tuple[str, ...]
    plain: tuple[str, ...]
    decimals: Mapping[str, pa.DataType]
    sums: str | None = None

    @cached_property
    def months(self) -> str:
        return (
            f"SELECT date_trunc('month', {self.day}::timestamp)::date AS month, count(*)::bigint AS rows,"
            f" sum(hashtextextended(f::text, 0))::text AS sum FROM {self.table} f"
            " WHERE organisation_id = '{organisation}' GROUP BY 1 ORDER BY 1"
        )

    @cached_property
    def lines(self) -> str:
        """What has more digits than the columns hold is refused, never rounded."""
        ids = ", ".join(f"{name}::text" for name in ("subject_id", "piece_id", *self.ids))
        told = ", ".join((*self.plain, *self.decimals))
        return (
            f"SELECT {ids}, version, recorded_at, ended_at, {told} FROM {self.table}"
            f" WHERE organisation_id = '{{organisation}}' AND {self.day} >= '{{month}}'"
            f" AND {self.day} < '{{month}}'::date + interval '1 month'"
            " ORDER BY subject_id, piece_id, version"
        )

    def sums_of(self, rows: str) -> str:
        return f"SELECT {self.sums} FROM {rows} ended_at IS NULL GROUP BY 1 ORDER BY 1"


SALES: Final = Columns(
    "sales", "sale_facts", "valid_on", ("customer_id", "account_id", "product_id", "owner_id", "team_id"),
    ("valid_on", "currency", "kind", "sku", "category", "source"),
    {"quantity": pa.decimal128(18, 6), "amount": MONEY, "cost": MONEY},
)  # fmt: skip
DEALS: Final = Columns(
    "deals", "deal_facts", "opened_on", ("account_id", "pipeline_id", "stage_id", "owner_id", "team_id"),
    ("status", "opened_on", "closed_at", "currency", "source", "reason", "probability::float8 AS probability"),
    {"amount": MONEY},
    "concat_ws(' ', status, currency) AS name, CAST(count(*) AS text) AS rows, CAST(coalesce(sum(amount), 0) AS text) AS sum",
)  # fmt: skip
TICKETS: Final = Columns(
    "tickets", "ticket_facts", "(opened_at AT TIME ZONE 'UTC')",
    ("account_id", "requester_id", "product_id", "queue_id", "owner_id", "team_id"),
    ("kind", "priority", "status_kind", "channel", "opened_at", "first_responded_at", "solved_at", "reopened_count", "is_met"),
    {},
    "concat_ws(' ', status_kind, priority) AS name, CAST(count(*) AS text) AS rows, CAST(sum(reopened_count) AS text) AS sum",
)  # fmt: skip
ANSWERS: Final = Columns(
    "answers", "answer_facts", "(answered_at AT TIME ZONE 'UTC')",
    ("survey_id", "ticket_id", "account_id", "owner_id", "team_id"), ("kind", "score", "figures", "answered_at"),
    {},
    "kind AS name, CAST(count(*) AS text) AS rows, CAST(coalesce(sum(score), 0) AS text) AS sum",
)  # fmt: skip
KINDS: Final = (SALES, DEALS, TICKETS, ANSWERS)
SUMMARY_DECIMALS: Final = {
    "quantity": pa.decimal128(38, 6), "day_squares": pa.decimal128(38, 8),
    **dict.fromkeys(("bought", "first_day", "amount", "cost", "costed"), pa.decimal128(38, 4)),
}  # fmt: skip
MARKS: Final = """
SELECT coalesce(jsonb_object_agg(source, version), '{{}}')::text AS marks FROM fact_marks WHERE organisation_id = '{organisation}'
"""
SUMMARIES: Final = """
SELECT customer_id::text, currency, orders, days, quantity, bought, day_squares, first_day, amount, cost, costed, is_costed,
  first_on, last_on
FROM customer_summaries WHERE organisation_id = '{organisation}'
"""


def asked(sql: str, organisation: UUID, month: date | None = None) -> str:
    """An id and a day of ours alone go in: COPY, by which columns come, takes no parameters."""
    return sql.format(organisation=UUID(str(organisation)), month=month)


def typed(found: pa.Table, decimals: Mapping[str, pa.DataType]) -> pa.Table:
    """Decimals arrive as text. ArrowInvalid of one with more digits than its type holds."""
    fields = [
        pa.field(field.name, decimals.get(field.name, _plain(field.type))) for field in found.schema
    ]
    return found.cast(pa.schema(fields))


def _plain(type: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", tz="UTC") if pa.types.is_timestamp(type) else type


def file_of(organisation: UUID, kind: str, month: str, print: str) -> str:
    """Named by its content: a month that changes is another file, and no file ever changes."""
    return f"{organisation}/{kind}/{month[:7]}-{print}.parquet"
