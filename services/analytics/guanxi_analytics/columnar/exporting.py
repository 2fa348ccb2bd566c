"""Facts from Postgres into months of Parquet, features of them, and whether the running sums agree. Runs in a process of
its own: Arrow, DuckDB and ADBC are loaded there alone.

All is read in one transaction of one moment (REPEATABLE READ): the watermark is that of what the files hold.
"""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from hashlib import sha256
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from guanxi_analytics.columnar.facts import (
    KINDS,
    MARKS,
    SALES,
    SUMMARIES,
    SUMMARY_DECIMALS,
    Columns,
    asked,
    file_of,
    typed,
)
from guanxi_analytics.columnar.places import Place
from guanxi_analytics.features.engines import Compute, computing, digest
from guanxi_analytics.features.sales import FEATURES, of_now

ONE_MOMENT: Final = (
    "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET timezone = 'UTC'", "SET statement_timeout = '15min'", "SET jit = off",
)  # fmt: skip
Said = dict[str, Any]


def serve(pipe: Pipe) -> None:
    """What was asked, then None; one answer, or `refused` with the reason."""
    asked_for: Said = pipe.recv()
    pipe.recv()
    try:
        pipe.send(_snapshot(asked_for))
    except (pa.ArrowInvalid, duckdb.DataError) as error:  # it would be so the next time, too
        pipe.send({"refused": f"A figure has more digits than columns hold: {error}"})


def _snapshot(said: Said) -> Said:
    organisation, place = UUID(said["organisation"]), Place(said["place"])
    with tempfile.TemporaryDirectory(prefix="guanxi-columns-") as name, _reading(said["url"]) as db:
        folder = Path(name)
        db.execute(f"SELECT set_config('app.organisation_id', '{organisation}', true)")
        db.fetchall()
        marks = _rows(db, asked(MARKS, organisation))[0]["marks"]
        months = [
            _month(db, place, organisation, kind, month, folder)
            for kind in KINDS
            for month in _rows(db, asked(kind.months, organisation))
        ]
        summaries = typed(_table(db, asked(SUMMARIES, organisation)), SUMMARY_DECIMALS)
        found: Said = {
            "marks": orjson.loads(marks),
            "months": months,
            "features": {},
            "compared": {},
        }
        files = {kind.name: [m["file"] for m in months if m["kind"] == kind.name] for kind in KINDS}
        if sold := files[SALES.name]:
            with computing(said["engine"], place.files(sold, folder)) as compute:
                found |= _computed(compute, summaries)
        for kind in KINDS:
            if kind.sums is not None and files[kind.name]:
                there = place.files(files[kind.name], folder)
                held = _held(db, organisation, kind, there)
                found["compared"] = _together(found["compared"], held)
    place.keep_only(str(organisation), [*(month["file"] for month in months), *said["kept"]])
    return found


@contextmanager
def _reading(url: str) -> Iterator[Any]:
    """A cursor of a connection whose transactions are of one moment, and only read."""
    with adbc.connect(url) as connection:
        with connection.cursor() as cursor:
            for sql in ONE_MOMENT:
                cursor.execute(sql)
        connection.commit()
        with connection.cursor() as cursor:
            yield cursor
        connection.rollback()


def _table(db: Any, sql: str) -> pa.Table:
    db.execute(sql)
    return db.fetch_arrow_table()


def _rows(db: Any, sql: str) -> list[Said]:
    rows: list[Said] = _table(db, sql).to_pylist()
    return rows


def _month(
    db: Any, place: Place, organisation: UUID, kind: Columns, month: Mapping[str, Any], folder: Path
) -> Said:
    """A month that has not changed is the file that is there."""
    first = str(month["month"])
    print = sha256(f"{month['rows']} {month['sum']}".encode()).hexdigest()[:24]
    key = file_of(organisation, kind.name, first, print)
    if not place.has(key):
        path = folder / "month.parquet"
        db.execute(asked(kind.lines, organisation, month["month"]))
        _write(db.fetch_record_batch(), path, kind)
        place.put(key, path)
    return {"kind": kind.name, "month": first[:7], "file": key, "rows": month["rows"]}


def _write(batches: pa.RecordBatchReader, path: Path, kind: Columns) -> None:
    """As they come: a month need not fit into memory."""
    writer: pq.ParquetWriter | None = None
    try:
        for batch in batches:
            table = typed(pa.Table.from_batches([batch]), kind.decimals)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def _computed(compute: Compute, summaries: pa.Table) -> Said:
    features, tables = {}, {}
    for name, feature in FEATURES.items():
        began = time.perf_counter()
        tables[name] = compute(of_now(feature))
        seconds = round(time.perf_counter() - began, 3)
        features[name] = {
            "rows": tables[name].num_rows, "digest": digest(tables[name]), "seconds": seconds,
        }  # fmt: skip
    return {"features": features, "compared": _compared(tables["customer_summaries"], summaries)}


def _compared(columns: pa.Table, kept: pa.Table) -> Said:
    """Sums made anew of all facts against those that are kept up to date, customer by customer."""
    told, stands = [_by_customer(each, columns.column_names) for each in (columns, kept)]
    differ = sorted(key for key in told.keys() | stands.keys() if told.get(key) != stands.get(key))
    return {"compared": len(stands), "differ": len(differ), "examples": _ids(differ[:5])}


def _held(db: Any, organisation: UUID, kind: Columns, files: Sequence[Path]) -> Said:
    """Sums of the columns, by DuckDB, against those of the facts, group by group."""
    kept = _groups(_rows(db, kind.sums_of(f"{kind.table} WHERE organisation_id = '{organisation}' AND")))  # fmt: skip
    with duckdb.connect(":memory:") as columns:
        columns.read_parquet([str(file) for file in files]).create_view(kind.table)
        rows = columns.sql(kind.sums_of(f"{kind.table} WHERE")).to_arrow_table().to_pylist()
    told = _groups(rows)
    differ = sorted(name for name in told.keys() | kept.keys() if told.get(name) != kept.get(name))
    examples = [f"{kind.name} {name}" for name in differ[:5]]
    return {"compared": len(kept), "differ": len(differ), "examples": examples}


def _groups(rows: Sequence[Said]) -> dict[str, Any]:
    return {row["name"]: (Decimal(row["rows"]), Decimal(row["sum"])) for row in rows}


def _together(one: Said, other: Said) -> Said:
    return {
        "compared": one.get("compared", 0) + other["compared"],
        "differ": one.get("differ", 0) + other["differ"],
        "examples": [*one.get("examples", []), *other["examples"]][:5],
    }


def _by_customer(table: pa.Table, names: Sequence[str]) -> dict[Any, Any]:
    rows = zip(*(table.column(name).to_pylist() for name in names), strict=True)
    return {row[:2]: row[2:] for row in rows}


def _ids(keys: Sequence[Any]) -> list[str]:
    return [f"{customer} {currency}" for customer, currency in keys]
