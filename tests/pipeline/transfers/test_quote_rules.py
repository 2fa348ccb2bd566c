"""What rows say of quotes: pure."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.errors import QuoteState
from guanxi_pipeline.exports.quote_rules import WIDE, flat_lines
from guanxi_pipeline.imports.lined_rules import in_one_currency
from guanxi_pipeline.imports.quote_fields import QUOTE_FIELDS
from guanxi_pipeline.imports.quote_rules import (
    demand_new,
    demand_same,
    news_in,
    whole_lines,
    with_discount,
)
from guanxi_pipeline.quotes.rules import priced
from guanxi_shared.errors import Invalid
from tests.pipeline.products.selling import cny

AMOUNTS = st.decimals("0", "99999.99", places=2).map(lambda value: cny(f"{value:f}"))
LINES = st.lists(
    st.fixed_dictionaries(
        {"name": st.text("abz张", min_size=1, max_size=5), "unit_price": AMOUNTS},
        optional={
            "quantity": st.integers(1, 90).map(lambda n: n / 4), "unit": st.just("h"),
            "discount": st.integers(0, 100).map(float), "cost": AMOUNTS,
            "tax_rate": st.sampled_from([0.0, 6.0, 13.0]),
        },
    ),
    max_size=4,
)  # fmt: skip


def stored(lines: list[dict[str, Any]]) -> dict[str, Any]:
    whole = [{"tax_rate": 0.0, **line} for line in whole_lines(lines)]
    columns = priced(whole, currency="CNY", mode="net", discount=None)
    return columns | {"currency": "CNY", "price_mode": "net", "discount": None, "number": "Q-1"}


def spelt_otherwise(line: dict[str, Any]) -> dict[str, Any]:
    """10.00 as 10, as a file may have it."""
    amount = Decimal(line["unit_price"]["amount"]).normalize()
    return line | {"unit_price": cny(f"{amount:f}")}


@given(LINES)
def test_what_is_so_already_is_no_news_however_it_is_spelt(lines: list[dict[str, Any]]) -> None:
    row = stored(lines)
    said = {"lines": [spelt_otherwise(line) for line in lines], "number": "Q-1"}
    assert news_in(said, row) == {}
    assert news_in(said | {"currency": "EUR"}, row).keys() == {"currency", "lines"}
    longer = {"lines": [*said["lines"], {"name": "more", "unit_price": cny("1")}]}
    assert len(news_in(longer, row)["lines"]) == len(lines) + 1


@given(LINES.filter(bool), st.data())
def test_each_thing_that_differs_is_news(lines: list[dict[str, Any]], data: st.DataObject) -> None:
    row, at = stored(lines), data.draw(st.integers(0, len(lines) - 1))
    name, value = data.draw(
        st.sampled_from([
            ("name", "other"), ("quantity", 91.0), ("unit", "kg"), ("discount", 0.5), ("tax_rate", 19.0),
            ("unit_price", cny("100000")), ("unit_price", {"amount": "1", "currency": "EUR"}),
            ("cost", cny("100000")), ("sku", "S"), ("product_id", "x"),
        ])
    )  # fmt: skip
    said = [line | ({name: value} if n == at else {}) for n, line in enumerate(lines)]
    assert news_in({"lines": said}, row)["lines"] == whole_lines(said)


@pytest.mark.parametrize(
    ("said", "there", "is_news"),
    [
        ({"percent": 5.0}, {"percent": 5}, False),
        ({"percent": 5.0}, {"percent": 6}, True),
        ({"percent": 5.0}, {"amount": cny("5")}, True),
        ({"percent": 5.0}, None, True),
        ({"amount": cny("5")}, {"amount": cny("5.00")}, False),
        ({"amount": cny("5.01")}, {"amount": cny("5.00")}, True),
        ({"amount": {"amount": "5", "currency": "EUR"}}, {"amount": cny("5.00")}, True),
    ],
)
def test_a_discount_is_news_when_it_is_another_one(said: Any, there: Any, is_news: bool) -> None:
    row = stored([]) | {"discount": there}
    assert ("discount" in news_in({"discount": said}, row)) == is_news


def test_an_amount_off_the_whole_quote_is_its_discount() -> None:
    assert with_discount({"name": "x"}) == {"name": "x"}
    assert with_discount({"quote_discount_amount": cny("5")}) == {"discount": {"amount": cny("5")}}
    both = with_discount({"quote_discount_amount": cny("5"), "discount": {"percent": 1}})
    assert both == {"discount": {"percent": 1, "amount": cny("5")}}  # for the model to refuse


@pytest.mark.parametrize("lines", ["x", 5, {"a": 1}, ["x", 5], None])
def test_what_are_no_lines_stays_for_the_model_to_refuse(lines: Any) -> None:
    assert in_one_currency({"lines": lines}, {"": "CNY"}) == {"lines": lines}


def test_a_file_says_nothing_of_a_quotes_state_that_is_not_so() -> None:
    for status, revision in ((None, None), ("draft", 1)):
        demand_new(status, revision)
    for status, revision in (("sent", None), ("draft", 2), ("accepted", 1), (5, None)):
        with pytest.raises(Invalid):
            demand_new(status, revision)  # type: ignore[arg-type]
    row = {"status": "sent", "revision": 2, "number": "Q-1"}
    for status, revision in ((None, None), ("sent", 2), (None, 2)):
        demand_same(row, status, revision)
    with pytest.raises(QuoteState):
        demand_same(row, "draft", None)
    with pytest.raises(Invalid):
        demand_same(row, "sent", 1)


def test_what_an_export_shows_of_a_line_is_what_an_import_reads_or_says_that_it_is_reckoned() -> (
    None
):
    known = {*QUOTE_FIELDS, "line_amount", "line_net", "line_tax", "line_gross"}
    assert set(WIDE["lines"]) <= known
    row = stored([{"name": "Desk", "unit_price": cny("2"), "quantity": 3.0, "description": "Oak"}])
    (shown,) = flat_lines(row | {"description": "ours", "total": cny("6.00")}, {})
    assert (shown["product"], shown["line_description"], shown["description"]) == (
        "Desk", "Oak", "ours",
    )  # fmt: skip
    assert (shown["line_net"], shown["quote_total"], shown["unit_price"]) == (6, 6, 2)
