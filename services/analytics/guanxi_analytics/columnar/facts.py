"""Which columns of facts are kept as Parquet, and what Postgres is asked for them. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

import pyarrow as pa

TEXTS: Final = ("currency", "kind", "sku", "category", "source")
IDS: Final = (
    "subject_id", "piece_id", "customer_id", "account_id", "product_id", "owner_id", "team_id",
)  # fmt: skip
DECIMALS: Final = {"quantity": pa.decimal128(18, 6), "amount": pa.decimal128(18, 4), "cost": pa.decimal128(18, 4)}  # fmt: skip
INSTANTS: Final = ("recorded_at", "ended_at")
SUMMARY_DECIMALS: Final = {
    "quantity": pa.decimal128(38, 6), "day_squares": pa.decimal128(38, 8),
    **dict.fromkeys(("bought", "first_day", "amount", "cost", "costed"), pa.decimal128(38, 4)),
}  # fmt: skip
MONTHS: Final = """
SELECT date_trunc('month', valid_on::timestamp)::date AS month, count(*)::bigint AS rows,
  sum(hashtextextended(f::text, 0))::text AS sum
FROM sale_facts f WHERE organisation_id = '{organisation}' GROUP BY 1 ORDER BY 1
"""
MARKS: Final = """
SELECT coalesce(jsonb_object_agg(source, version), '{{}}')::text AS marks FROM fact_marks WHERE organisation_id = '{organisation}'
"""
# What has more digits than the columns hold is refused, never rounded.
LINES: Final = f"""
SELECT {", ".join(f"{name}::text" for name in IDS)}, version, {", ".join(INSTANTS)}, valid_on, {", ".join(TEXTS)},
  quantity, amount, cost
FROM sale_facts WHERE organisation_id = '{{organisation}}' AND valid_on >= '{{month}}'
  AND valid_on < '{{month}}'::date + interval '1 month' ORDER BY subject_id, piece_id, version
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


def file_of(organisation: UUID, month: str, print: str) -> str:
    """Named by its content: a month that changes is another file, and no file ever changes."""
    return f"{organisation}/sales/{month[:7]}-{print}.parquet"
