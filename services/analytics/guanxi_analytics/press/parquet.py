"""Rows as one Parquet file, by DuckDB: in the process beside, which alone loads it."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

# `as_parquet` is given columns of these kinds; values as JSON has them, amounts as text.
TYPES: Final = {
    "text": "VARCHAR", "amount": "DECIMAL(38, 6)", "number": "DOUBLE", "count": "BIGINT", "day": "DATE",
}  # fmt: skip


def as_parquet(columns: Sequence[tuple[str, str]], rows: bytes) -> bytes:
    """`columns` are names with kinds, `rows` a JSON object a line."""
    with tempfile.TemporaryDirectory(prefix="guanxi-") as folder:
        source, target = Path(folder, "rows.ndjson"), Path(folder, "rows.parquet")
        source.write_bytes(rows)
        with duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "256MB"}) as database:
            # Names are quoted as identifiers, and as texts in the structure of the file.
            typed = ", ".join(f"{_text(name)}: {_text(TYPES[kind])}" for name, kind in columns)
            shown = ", ".join(_name(name) for name, _ in columns)
            read = (
                f"read_json({_text(str(source))}, format='newline_delimited', columns={{{typed}}})"
            )
            database.execute(
                f"COPY (SELECT {shown} FROM {read}) TO {_text(str(target))} (FORMAT parquet)"
            )
        return target.read_bytes()


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
