"""Tabular files in and out, in constant memory: `readers`, `writers`, `mapping`, `values`."""

from guanxi_shared.tables.readers import count_rows, read_batches, read_rows, sniff
from guanxi_shared.tables.rows import Batch, Checkpoint, FileProblem, Reader, Row, Source

__all__ = [
    "Batch",
    "Checkpoint",
    "FileProblem",
    "Reader",
    "Row",
    "Source",
    "count_rows",
    "read_batches",
    "read_rows",
    "sniff",
]
