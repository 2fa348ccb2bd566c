"""Which quota a period has, and what its parts sum to."""

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanxi_pipeline.forecasts.period_rules import Period
from guanxi_pipeline.quotas.rules import Quota, quota_of

REP, NEW, OLD, SEATS = uuid4(), uuid4(), uuid4(), uuid4()
Q4 = Period(date(2026, 10, 1), "quarter")
YEAR = Period(date(2026, 1, 1), "year")


def quota(
    amount: int, period: Period = Q4, *, pipeline: UUID | None = None, product: UUID | None = None,
    currency: str = "CNY",
) -> Quota:  # fmt: skip
    return Quota(REP, period, pipeline, product, Decimal(amount), currency)


MONTHS = Q4.parts("month")


@pytest.mark.parametrize(
    ("quotas", "expected"),
    [
        ([], None),
        ([quota(90)], 90),
        ([quota(90), quota(50, pipeline=NEW)], 90),  # the whole one counts
        ([quota(50, pipeline=NEW), quota(30, pipeline=OLD)], 80),
        ([quota(50, product=SEATS)], 50),
        ([quota(50, pipeline=NEW), quota(70, product=SEATS)], 50),
        ([quota(50, pipeline=NEW, product=SEATS)], None),
        ([quota(10 * n, month) for n, month in enumerate(MONTHS, 1)], 60),
        ([quota(10, month) for month in MONTHS[:2]], None),  # a month is missing
        ([quota(90), *(quota(10, month) for month in MONTHS)], 90),
        ([quota(400, YEAR)], None),  # a year is not cut up
    ],
)
def test_the_quota_of_a_quarter(quotas: list[Quota], expected: int | None) -> None:
    found = quota_of(quotas, Q4, pipeline_id=None, product_id=None)
    assert found == (None if expected is None else {"CNY": Decimal(expected)})


def test_a_pipelines_quota_is_its_own_alone() -> None:
    quotas = [quota(90), quota(50, pipeline=NEW)]
    assert quota_of(quotas, Q4, pipeline_id=NEW, product_id=None) == {"CNY": Decimal(50)}
    assert quota_of(quotas, Q4, pipeline_id=OLD, product_id=None) is None


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**9), st.sampled_from(["CNY", "USD"])), min_size=12, max_size=12
    )
)
def test_twelve_months_make_a_year_currency_by_currency(parts: list[tuple[int, str]]) -> None:
    quotas = [
        quota(amount, month, currency=currency)
        for (amount, currency), month in zip(parts, YEAR.parts("month"), strict=True)
    ]
    found = quota_of(quotas, YEAR, pipeline_id=None, product_id=None)
    assert found is not None
    assert sum(found.values()) == sum(amount for amount, _ in parts)
    assert set(found) == {currency for _, currency in parts}
