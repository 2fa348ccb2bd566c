"""Grades of rows where a part of the whole is not known."""

from typing import Any

import pytest

from guanxi_analytics.reports.grade_rules import graded


def answer_of(values: list[int | None], whole: int | None, row_count: int) -> dict[str, Any]:
    def row(value: int | None) -> dict[str, Any]:
        margin = None if value is None else {"amount": str(value), "currency": "CNY"}
        return {"currency": "CNY", "values": {"margin": margin}}

    return {"measures": [{"name": "margin"}], "rows": [row(value) for value in values],
            "totals": [row(whole)], "row_count": row_count}  # fmt: skip


@pytest.mark.parametrize(
    ("values", "whole", "row_count", "grades"),
    [
        ([80, 15, 5], 100, 3, ["A", "B", "C"]),
        ([80, 15, 5], 1_000, 9, ["A", "A", "A"]),
        ([80, 15, None, 5], None, 4, ["A", "B", None, "C"]),
        ([80, 15, None, 5], None, 5, [None, None, None, None]),
        ([100, 0, -20], 80, 3, ["A", "C", "C"]),
        ([-1, -2], -3, 2, ["C", "C"]),
    ],
)
def test_who_has_an_unknown_margin_takes_nobodys_grade(
    values: list[int | None], whole: int | None, row_count: int, grades: list[str | None]
) -> None:
    found = graded(answer_of(values, whole, row_count))
    assert [row["grade"] for row in found["rows"]] == grades
