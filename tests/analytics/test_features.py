"""Features of sales: the same whatever engine computes them, and the SQL that DuckDB is asked is known."""

import importlib.util
import os
import shutil
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from guanxi_analytics.features.engines import Engine, computing, digest, sql_of
from guanxi_analytics.features.sales import FEATURES, SCHEMA, cohorts, known, of_now

GOLDEN = Path(__file__).parent / "golden"
FIRST = date(2025, 1, 1)
# Of `lines()`, by DuckDB 2.0 and by Spark 4.0 alike.
DIGESTS = {
    "customer_summaries": "bb943ddc3f9ae9501fd61ba63b62e3154ab3436c3c0f6ac85390f76b7dbab9e1",
    "customer_scores": "2116d906b459e43d898adefd2e99a810d713a6e0f55a8f11cf1dc23148390c5b",
    "cohorts": "710c846e3669119a249c94d4a394f5905950879a37d63246140675e7b43e3057",
}


def lines(count: int = 20_000) -> pa.Table:
    """Lines of two currencies, some returned, some corrected, some of nobody, ties everywhere; without chance."""
    rows = [_line(n) for n in range(count)]
    return pa.Table.from_pylist(rows, schema=SCHEMA.to_pyarrow())


def _line(n: int) -> dict[str, object]:
    is_returned = n % 17 == 0
    told = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
    return {
        "subject_id": str(n // 2), "piece_id": str(n), "version": 1, "recorded_at": told,
        "ended_at": told + timedelta(days=1) if n % 29 == 0 else None,
        "kind": "returned" if is_returned else "bought", "valid_on": FIRST + timedelta(days=n * 7919 % 700),
        "customer_id": None if n % 31 == 0 else str(n * 31 % 500), "account_id": None, "product_id": None,
        "sku": f"GX-{n % 7}", "category": None, "source": None, "currency": "EUR" if n % 3 == 0 else "CNY",
        "quantity": Decimal(n % 5 + 1), "amount": Decimal(n * 97 % 10_007) / 100 * (-1 if is_returned else 1) * (10**8 if n % 101 == 0 else 1),
        "cost": None if n % 13 == 0 else Decimal(n * 97 % 1_007) / 100, "owner_id": None, "team_id": None,
    }  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """In three files, as months come."""
    folder, whole = tmp_path_factory.mktemp("columns"), lines()
    found = [folder / f"{n}.parquet" for n in range(3)]
    for n, path in enumerate(found):
        pq.write_table(whole.slice(n * 7_000, 7_000), path)
    return found


def _digests(engine: Engine, files: list[Path]) -> dict[str, str]:
    with computing(engine, files) as compute:
        return {name: digest(compute(of_now(feature))) for name, feature in FEATURES.items()}


def test_duckdb_computes_what_is_known(files: list[Path]) -> None:
    assert _digests("duckdb", files) == DIGESTS


@pytest.mark.system
@pytest.mark.filterwarnings("default")  # Spark's own, of what it imports
def test_spark_computes_the_same(files: list[Path]) -> None:
    if importlib.util.find_spec("pyspark") is None or shutil.which("java") is None:
        pytest.skip("pyspark (guanxi-analytics[spark]) or a Java is not here: Spark was not asked")
    assert _digests("spark", files) == DIGESTS


@pytest.mark.parametrize("name", FEATURES)
def test_what_duckdb_is_asked_is_kept_as_text(name: str) -> None:
    """After a change that is meant: GUANXI_GOLDEN=1 writes it anew; look at the difference."""
    kept, sql = GOLDEN / f"{name}.sql", sql_of(of_now(FEATURES[name])) + "\n"
    if os.environ.get("GUANXI_GOLDEN"):
        kept.write_text(sql)
    assert kept.read_text() == sql


def test_a_past_moment_is_what_was_known_then(files: list[Path]) -> None:
    """Half of the lines had been told; those of its last day had not been corrected."""
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=10_000)
    rows = [
        row for row in lines().to_pylist()
        if row["recorded_at"] <= moment and (row["ended_at"] is None or row["ended_at"] > moment)
        and row["kind"] == "bought" and row["customer_id"] is not None
    ]  # fmt: skip
    with computing("duckdb", files) as compute:
        found = compute(lambda sales: cohorts(known(sales, moment))).to_pylist()
    assert sum(row["amount"] for row in found) == sum(row["amount"] for row in rows)
    assert sum(row["amount"] for row in found) != sum(
        row["amount"] for row in lines().to_pylist() if row["kind"] == "bought" and row["customer_id"]
    )  # fmt: skip
