"""A rule's refusal as reasons of a row, with the columns that its fields come from."""

from collections.abc import Callable, Mapping
from typing import Any

from guanxi_shared.errors import Problem
from guanxi_shared.imports.cells import reason


def reasons_of(
    problem: Problem, cells: Mapping[str, str], column_of: Callable[[str], str | None]
) -> list[dict[str, Any]]:
    """One for each field that the problem names, else one for the whole row."""
    said = []
    for field, sentence in problem.errors.items():
        column = column_of(field)
        where = f"{column}: " if column else ""
        text = f"{where}{problem.detail} {sentence}".strip()
        said.append(reason(column, cells.get(column or "", ""), text))
    return said or [reason(None, "", problem.detail)]
