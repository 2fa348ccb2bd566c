"""Where features are computed: embedded DuckDB, or Spark by setting. In a process of its own, never in a request."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import duckdb
import ibis
import pyarrow as pa
from ibis import Table

from guanxi_analytics.features.sales import SCHEMA, Feature

Engine = Literal["duckdb", "spark"]
THREADS: Final = 2
MEMORY: Final = "1GB"
NAME: Final = "sales"


class Compute(Protocol):
    """A feature's rows in the order of its columns, so that they are the same whatever engine computed them."""

    def __call__(self, feature: Feature, /) -> pa.Table: ...


def sql_of(feature: Feature) -> str:
    """What DuckDB is asked; kept as text beside the tests, so that a change of it is seen."""
    return str(ibis.to_sql(feature(ibis.table(SCHEMA, name=NAME)), dialect="duckdb"))


@contextmanager
def computing(engine: Engine, files: Sequence[Path]) -> Iterator[Compute]:
    """Over months of facts; there is at least one."""
    with _spark(files) if engine == "spark" else _duckdb(files) as compute:
        yield lambda feature: _settled(compute(feature), feature)


@contextmanager
def _duckdb(files: Sequence[Path]) -> Iterator[Compute]:
    limits: dict[str, Any] = {"threads": THREADS, "memory_limit": MEMORY}
    with duckdb.connect(":memory:", config=limits) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.read_parquet([str(file) for file in files]).create_view(NAME)
        yield lambda feature: database.sql(sql_of(feature)).to_arrow_table()


@contextmanager
def _spark(files: Sequence[Path]) -> Iterator[Compute]:
    """Where `SPARK_REMOTE` or Spark's own settings say; else within this machine."""
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.appName("guanxi-analytics")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    try:
        session.read.parquet(*map(str, files)).createOrReplaceTempView(NAME)
        backend: Any = ibis.pyspark.connect(session)
        facts: Table = backend.table(NAME)
        yield lambda feature: session.sql(backend.compile(feature(facts))).toArrow()
    finally:
        session.stop()


def _settled(found: pa.Table, feature: Feature) -> pa.Table:
    """Of the types that the expression has (an engine's sum of integers may be wider), in order."""
    typed = found.cast(feature(ibis.table(SCHEMA, name=NAME)).schema().to_pyarrow())
    return typed.sort_by([(name, "ascending") for name in typed.column_names])


def digest(found: pa.Table) -> str:
    """Of values as text: engines differ in how they lay out what is equal."""
    hashed = sha256("\x1f".join(found.column_names).encode())
    for batch in found.to_batches(max_chunksize=65_536):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            hashed.update("\x1f".join(map(_told, row)).encode() + b"\x1e")
    return hashed.hexdigest()


def _told(value: Any) -> str:
    return "" if value is None else str(value)
