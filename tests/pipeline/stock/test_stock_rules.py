"""Stock that comes out, month after month."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.errors import StockDifference
from guanxi_pipeline.purchases.period_rules import step
from guanxi_pipeline.stock.stock_rules import (
    counted,
    demand_following,
    demand_opening,
    key_of,
    summed,
    trend_of,
)
from guanxi_shared.errors import Invalid

START = date(2025, 11, 1)
HELD = st.decimals(0, 10**6, places=3)
FLOWS = st.lists(st.tuples(HELD, HELD), min_size=1, max_size=14)


def months(opening: Decimal, flows: list[tuple[Decimal, Decimal]]) -> list[dict[str, Any]]:
    """Months that follow from what came and what share of the stock went out."""
    found = []
    for index, (bought, share) in enumerate(flows):
        sold = min(opening + bought, share)
        row = {"month": step(START, "month", index), "opening": opening, "bought": bought, "sold": sold,
               "restates_opening": False}  # fmt: skip
        row |= counted(row)
        found.append(row)
        opening = row["closing"]
    return found


@given(HELD, FLOWS)
def test_what_came_in_less_what_went_out_is_what_there_is(
    opening: Decimal, flows: list[tuple[Decimal, Decimal]]
) -> None:
    rows = months(opening, flows)
    bought, sold = (sum(row[name] for row in rows) for name in ("bought", "sold"))
    assert rows[-1]["closing"] == opening + bought - sold
    for before, row in zip([None, *rows], rows, strict=False):
        demand_opening(row, before)
        if before is not None:
            demand_following(before, row)


@given(HELD, FLOWS, st.data())
def test_a_difference_anywhere_is_named_exactly(
    opening: Decimal, flows: list[tuple[Decimal, Decimal]], data: st.DataObject
) -> None:
    rows = months(opening, flows)
    index = data.draw(st.integers(0, len(rows) - 1))
    wrong = data.draw(st.decimals(-1000, 1000, places=3).filter(bool))
    row = rows[index]
    with pytest.raises(StockDifference) as refused:
        counted({**row, "closing": row["closing"] + wrong})
    assert (refused.value.extra["expected"], refused.value.extra["difference"]) == (
        float(row["closing"]), float(wrong),
    )  # fmt: skip
    if index == 0:
        return
    with pytest.raises(StockDifference) as unlike:
        demand_opening({**row, "opening": row["opening"] + wrong}, rows[index - 1])
    assert unlike.value.extra["difference"] == float(wrong)
    with pytest.raises(StockDifference):
        demand_following({**rows[index - 1], "closing": row["opening"] + wrong}, row)
    restated = {**row, "opening": row["opening"] + wrong, "restates_opening": True}
    demand_opening({**restated, "restatement_reason": "Counted"}, rows[index - 1])
    demand_following({**rows[index - 1], "closing": row["opening"] + wrong}, restated)
    with pytest.raises(Invalid):
        demand_opening(restated, rows[index - 1])


@given(HELD, FLOWS)
def test_the_trend_changes_by_what_came_and_went(
    opening: Decimal, flows: list[tuple[Decimal, Decimal]]
) -> None:
    rows = months(opening, flows)
    found = trend_of(rows)
    assert [row["month"] for row in found] == [row["month"] for row in rows]
    for index, (shown, row) in enumerate(zip(found, rows, strict=True)):
        last = rows[max(0, index - 2) : index + 1]
        sold = sum(each["sold"] for each in last)
        assert shown["months_counted"] == len(last)
        assert shown["average_sold"] == pytest.approx(float(sold) / len(last), abs=0.006)
        if index:
            assert shown["change"] == float(row["closing"] - row["opening"])
        if sold:
            days = sum((step(each["month"], "month") - each["month"]).days for each in last)
            expected = float(row["closing"]) / (float(sold) / days)
            assert shown["cover_days"] == pytest.approx(expected, rel=1e-6, abs=0.06)
        else:
            assert shown["cover_days"] is None
            assert shown["cover_reason"] is not None


def test_a_month_that_was_not_reported_is_neither_compared_nor_counted() -> None:
    rows = [
        {"month": date(2026, month, 1), "opening": Decimal(0), "bought": Decimal(0),
         "sold": Decimal(30), "adjusted": Decimal(0), "closing": Decimal(10)}
        for month in (1, 3)
    ]  # fmt: skip
    march = trend_of(rows)[1]
    assert (march["change"], march["months_counted"], march["average_sold"]) == (None, 2, 30)
    assert march["cover_days"] == 10.3  # 10 / (60 / 62 days)


def test_stores_of_merged_accounts_add_up() -> None:
    row = {"month": START, "opening": Decimal(1), "bought": Decimal(2), "sold": Decimal(3),
           "adjusted": Decimal(0), "closing": Decimal(4)}  # fmt: skip
    assert summed([row, row])[0]["closing"] == 8
    assert len(summed([row, row])) == 1


def test_adjusting_needs_a_reason_and_nothing_goes_below_zero() -> None:
    row = {"opening": 5, "bought": 0, "sold": 5, "adjusted": 2}
    with pytest.raises(Invalid) as refused:
        counted(row)
    assert "adjustment_reason" in refused.value.errors
    assert counted({**row, "adjustment_reason": "Found"})["closing"] == 2
    with pytest.raises(Invalid):
        counted({"opening": 5, "bought": 0, "sold": 5.000001})
    with pytest.raises(Invalid):
        key_of({"product_id": None, "sku": None})
