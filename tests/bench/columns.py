"""Recency, frequency and money of twenty million orders: the feature, written in ibis, beside a query written by hand for DuckDB.
Both read the same Parquet under the same limits, and give the same rows."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from guanxi_analytics.features.engines import MEMORY, NAME, THREADS, computing, digest
from guanxi_analytics.features.sales import customer_scores, of_now
from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.report import Row

ROW = "analytics: RFM of columns"
TURNS = 2
FILES = 4
EACH = 20  # orders of a customer
MAKE = """
COPY (
  SELECT i::VARCHAR AS subject_id, i::VARCHAR AS piece_id, 1::BIGINT AS version, TIMESTAMPTZ '2026-01-01' AS recorded_at,
    NULL::TIMESTAMPTZ AS ended_at, CASE WHEN i % 50 = 0 THEN 'returned' ELSE 'bought' END AS kind,
    DATE '2022-01-01' + (hash(i) % 1400)::INTEGER AS valid_on, md5((hash(i + 7) % {customers})::VARCHAR)::UUID::VARCHAR AS customer_id,
    NULL::VARCHAR AS account_id, NULL::VARCHAR AS product_id, 'GX' AS sku, NULL::VARCHAR AS category, NULL::VARCHAR AS source,
    'CNY' AS currency, 1::DECIMAL(18, 6) AS quantity,
    (CASE WHEN i % 50 = 0 THEN -1 ELSE 1 END * (hash(i + 11) % 99900 + 100)::BIGINT / 100)::DECIMAL(18, 4) AS amount,
    NULL::DECIMAL(18, 4) AS cost, NULL::VARCHAR AS owner_id, NULL::VARCHAR AS team_id
  FROM range({first}, {until}) AS orders (i)
) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
"""
BY_HAND = f"""
SELECT customer_id, currency, ntile(5) OVER (PARTITION BY currency ORDER BY last_on, customer_id) AS recency,
  ntile(5) OVER (PARTITION BY currency ORDER BY days, customer_id) AS frequency,
  ntile(5) OVER (PARTITION BY currency ORDER BY amount, customer_id) AS monetary,
  CASE WHEN amount <= 0 THEN 'C' WHEN before * 100 < whole * 80 THEN 'A' WHEN before * 100 < whole * 95 THEN 'B' ELSE 'C' END AS grade,
  last_on
FROM (
  SELECT *, coalesce(sum(greatest(amount, 0)) OVER (PARTITION BY currency ORDER BY amount DESC, customer_id
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before, sum(greatest(amount, 0)) OVER (PARTITION BY currency) AS whole
  FROM (
    SELECT customer_id, currency, max(valid_on) FILTER (WHERE kind = 'bought') AS last_on,
      count(DISTINCT valid_on) FILTER (WHERE kind = 'bought') AS days, sum(amount) AS amount
    FROM {NAME} WHERE ended_at IS NULL AND customer_id IS NOT NULL GROUP BY customer_id, currency
  ) AS customers WHERE last_on IS NOT NULL
) AS ranked ORDER BY ALL
"""


def measure_columns(bench: Bench) -> Iterator[Row]:
    """A hundred orders for each contact of the run's size."""
    yield rows_of(bench.size.contacts * 100)


def rows_of(orders: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="guanxi-bench-") as name:
        files = list(made(Path(name), orders))
        turns = [(_by_hand(files), _ours(files)) for _ in range(TURNS)]
    told = {digest(found) for turn in turns for _, found in turn}
    if len(told) != 1:
        raise RuntimeError("the feature and the query by hand do not say the same")
    hand, own = (min(turn[n][0] for turn in turns) for n in (0, 1))
    return Row(
        ROW, own, "s", share=own / hand, of="a DuckDB query by hand", goal=goals.COLUMNS,
        note=f"{orders:,} orders of {turns[0][0][1].num_rows:,} customers; by hand {hand:.2f} s",
    )  # fmt: skip


def made(folder: Path, orders: int) -> Iterator[Path]:
    each = orders // FILES
    for number in range(FILES):
        path = folder / f"{number}.parquet"
        with duckdb.connect(":memory:", config={"threads": THREADS, "memory_limit": MEMORY}) as db:
            first = number * each
            db.execute(
                MAKE.format(customers=orders // EACH, first=first, until=first + each, path=path)
            )
        yield path


def _ours(files: Sequence[Path]) -> tuple[float, pa.Table]:
    began = time.perf_counter()
    with computing("duckdb", files) as compute:
        found = compute(of_now(customer_scores))
    return time.perf_counter() - began, found


def _by_hand(files: Sequence[Path]) -> tuple[float, pa.Table]:
    began = time.perf_counter()
    with duckdb.connect(":memory:", config={"threads": THREADS, "memory_limit": MEMORY}) as db:
        db.read_parquet([str(file) for file in files]).create_view(NAME)
        found = db.sql(BY_HAND).to_arrow_table()
    return time.perf_counter() - began, found
