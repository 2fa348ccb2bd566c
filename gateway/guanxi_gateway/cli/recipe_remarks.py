"""What a recipe sees of a data set's dirt, row by row: cells that it corrects, cells that are missing."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from guanxi_gateway.cli.recipes import TableStep
from guanxi_shared.tables import read_rows, sniff


class Remark(NamedTuple):
    line: int
    column: str
    cell: str
    sentence: str


def remarks_on(path: Path, step: TableStep) -> list[Remark]:
    """In the order of the file; nothing of rows that are as the recipe expects them."""
    corrected = {
        column: rule["values"]
        for column, rule in step.options.get("mapping", {}).items()
        if isinstance(rule, dict) and rule.get("values")
    }
    found = []
    for row in read_rows(path, sniff(path)) if corrected or step.told_when_empty else ():
        for column, values in corrected.items():
            cell = row.values.get(column, "")
            if values.get(cell, cell) != cell:
                sentence = f"{cell!r} is taken as {values[cell]!r}."
                found.append(Remark(row.line, column, cell, sentence))
        for column in step.told_when_empty:
            if not row.is_blank and not row.values.get(column, "").strip():
                sentence = f"It names no {column}; the record has none."
                found.append(Remark(row.line, column, "", sentence))
    return found


def counted(remarks: Sequence[Remark]) -> list[str]:
    """A sentence for each kind of remark."""
    kinds = Counter((each.column, each.sentence) for each in remarks)
    return [
        f"{count} row{'' if count == 1 else 's'}, {column}: {sentence}"
        for (column, sentence), count in kinds.items()
    ]


def write_remarks(remarks: Sequence[Remark], target: Path) -> None:
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("line", "column", "cell", "remark"))
        writer.writerows(remarks)
