"""Memory stays where it is however long the file."""

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import psutil

from guanxi_shared.tables import read_batches, sniff
from guanxi_shared.tables.writers import XlsxWriter, write_csv

ROWS = 200_000
COLUMNS = ["id", "name", "phone", "email", "city", "revenue", "on", "open", "tags", "note"]


def rows(count: int) -> Iterator[dict[str, object]]:
    for n in range(count):
        yield dict(
            zip(
                COLUMNS,
                (n, f"公司 {n}", f"+86 138{n:08}", f"a{n}@x.example", "北京", 10.5, "2024-03-05",
                 True, "a; b", f'say "{n}"'),
                strict=True,
            )
        )  # fmt: skip


def resident() -> int:
    return psutil.Process().memory_info().rss


def test_a_long_csv_is_written_and_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    gc.collect()
    before = peak = resident()
    with path.open("wb") as file:
        for piece in write_csv(rows(ROWS), COLUMNS):
            file.write(piece)
    peak = max(peak, resident())
    count = 0
    for batch in read_batches(path, sniff(path)):
        count += len(batch.rows)
        peak = max(peak, resident())
    assert count == ROWS
    assert path.stat().st_size > 18 << 20
    assert peak - before < 12 << 20


def test_a_long_workbook_is_written_and_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    tracemalloc.start()
    with XlsxWriter(path, COLUMNS) as writer:
        for row in rows(6_000):
            writer.add_row(row)
    count = sum(len(batch.rows) for batch in read_batches(path, sniff(path), size=500))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 6_000
    assert peak < 6 << 20
