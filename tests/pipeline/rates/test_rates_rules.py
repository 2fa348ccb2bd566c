"""Conversion as arithmetic: for every currency's digits, never 1 for what is not known."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.errors import RateMissing
from guanxi_pipeline.rates.rules import (
    Rate,
    Rates,
    age_of,
    converted,
    converted_or_why_not,
    crossed,
    inverse,
    rate_from,
    with_crossed,
)
from guanxi_shared.money import CURRENCIES, scale_of

DAY = date(2026, 11, 2)
CODES = st.sampled_from(sorted(CURRENCIES))
RATES = st.decimals("0.000001", "1000000", places=6)


def amounts(currency: str) -> st.SearchStrategy[Decimal]:
    return st.decimals(-(10**11), 10**11, places=scale_of(currency))


@given(st.data(), CODES, CODES, RATES)
def test_a_conversion_is_the_nearest_amount_of_the_target(
    data: st.DataObject, source: str, target: str, rate: Decimal
) -> None:
    amount = data.draw(amounts(source))
    rates = Rates(target, DAY, {source: Rate(source, rate, DAY)})
    found = rates.convert(amount, source)
    if source == target:
        assert found == amount
        return
    unit = Fraction(1, 10 ** scale_of(target))
    exact = Fraction(amount) * Fraction(rate)
    assert Fraction(found) % unit == 0
    assert abs(Fraction(found) - exact) <= unit / 2
    if abs(Fraction(found) - exact) == unit / 2:
        assert abs(Fraction(found)) > abs(exact)  # half away from zero


@given(st.data(), CODES, RATES)
def test_a_sum_is_that_of_its_parts_each_converted_once(
    data: st.DataObject, target: str, rate: Decimal
) -> None:
    sources = sorted(data.draw(st.sets(CODES, max_size=4)))
    known = {source: Rate(source, rate, DAY) for source in sources if source != target}
    sums = [(data.draw(amounts(source)), source) for source in sources]
    rates = Rates(target, DAY, known)
    found = converted(sums, rates)
    unit = Decimal(1).scaleb(-scale_of(target))
    expected = sum(
        ((a if c == target else (a * rate).quantize(unit, ROUND_HALF_UP)) for a, c in sums),
        Decimal(0),
    )
    assert (Decimal(found["amount"]), found["currency"]) == (expected, target)
    assert [each["currency"] for each in found["rates"]] == [s for s in sources if s != target]


@given(st.sets(CODES, min_size=1, max_size=5), CODES)
def test_what_is_not_known_is_named_and_never_one(currencies: set[str], target: str) -> None:
    rates = Rates(target, DAY, {})
    unknown = sorted(currencies - {target})
    sums = [(Decimal(1), currency) for currency in sorted(currencies)]
    assert converted_or_why_not(sums, rates)[1] == unknown
    if not unknown:
        return
    with pytest.raises(RateMissing) as refused:
        converted(sums, rates)
    missing = refused.value.extra["missing"]
    assert [(each["from"], each["to"], each["on"]) for each in missing] == [
        (currency, target, "2026-11-02") for currency in unknown
    ]


@given(RATES)
def test_the_other_way_round_is_exact_to_fifteen_digits(rate: Decimal) -> None:
    assert abs(inverse(rate) * rate - 1) < Decimal("1e-14")
    assert rate_from("USD", rate, DAY, is_inverse=True).rate == inverse(rate)


@given(RATES, RATES)
def test_a_way_through_a_third_currency_states_both_rates_and_the_older_day(
    first: Decimal, second: Decimal
) -> None:
    older = date(2026, 10, 1)
    found = crossed(Rate("USD", first, DAY), "CNY", Rate("CNY", second, older), "JPY")
    assert abs(found.rate / (first * second) - 1) < Decimal("1e-14")
    assert found.valid_on == older
    assert [(part["currency"], part["to"]) for part in found.shown()["via"]] == [
        ("USD", "CNY"), ("CNY", "JPY"),
    ]  # fmt: skip


def test_what_is_kept_for_the_pair_goes_before_a_way_through_another() -> None:
    direct = Rate("USD", Decimal(150), DAY)
    known = {"USD": direct, "CNY": Rate("CNY", Decimal(21), DAY)}
    into_base = {"USD": Rate("USD", Decimal(7), DAY), "EUR": Rate("EUR", Decimal(8), DAY)}
    found = with_crossed(known, into_base, "CNY", "JPY")
    assert found["USD"] is direct
    assert found["EUR"].rate == 168
    assert "JPY" not in with_crossed(known, {"JPY": direct}, "CNY", "JPY")
    assert with_crossed({}, into_base, "CNY", "JPY") == {}


@pytest.mark.parametrize(("days", "is_old"), [(0, False), (7, False), (8, True), (400, True)])
def test_an_old_rate_is_said_to_be(days: int, is_old: bool) -> None:
    rate = Rate("USD", Decimal(7), date.fromordinal(DAY.toordinal() - days))
    assert age_of(rate, DAY) == {"age_days": days, "is_old": is_old}
