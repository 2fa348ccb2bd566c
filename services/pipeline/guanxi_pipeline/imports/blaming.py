"""A rule's refusal as reasons of a row, with the columns that its fields come from."""

from collections.abc import Mapping
from typing import Any

from guanxi_shared.errors import Problem
from guanxi_shared.imports.cells import CellReader, reason


def reasons_of(
    problem: Problem, reader: CellReader, cells: Mapping[str, str]
) -> list[dict[str, Any]]:
    """One for each field that the problem names, else one for the whole row."""
    said = []
    for field, sentence in problem.errors.items():
        column = reader.column_of(field)
        where = f"{column}: " if column else ""
        text = f"{where}{problem.detail} {sentence}".strip()
        said.append(reason(column, cells.get(column or "", ""), text))
    return said or [reason(None, "", problem.detail)]
