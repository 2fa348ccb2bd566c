"""What rows of opportunities mean, before any other record is looked at."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_pipeline.imports.rules import (
    OPPORTUNITY_FIELDS,
    demand_closed,
    name_for,
    news_in,
    with_priced_lines,
)
from guanxi_pipeline.imports.stages import place_of
from guanxi_pipeline.pipelines.known import Known, Pipeline, Stage
from guanxi_pipeline.sum_rules import money, priced_lines
from guanxi_shared.errors import Invalid
from guanxi_shared.exports.flat_rules import columns_of, money_columns
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.fields import find_field, suggest_mapping
from guanxi_shared.tables.cell_problem import CellProblem

COLUMNS = {"pipeline": "Process", "stage": "Step", "status": "Outcome"}


def pipeline(name: str, *stages: tuple[str, str], is_active: bool = True) -> Pipeline:
    made = [
        Stage(new_id(), stage, kind, 50.0, "pipeline", None, (), (), position, False)
        for position, (stage, kind) in enumerate(stages)
    ]
    return Pipeline(
        id=new_id(), name=name, is_active=is_active, idle_days=14, reopened_by="anybody",
        reopen_within_days=None, win_reasons=(), loss_reasons=(), is_gone=False,
        stages={stage.id: stage for stage in made},
    )  # fmt: skip


ENDS = (("Won", "won"), ("Lost", "lost"))
SALES = pipeline("Sales", ("First Talk", "open"), ("Offer", "open"), *ENDS)
RENEWALS = pipeline("续约", ("Due", "open"), ("Offer", "open"), *ENDS)
OLD = pipeline("Old", ("Ancient", "open"), *ENDS, is_active=False)
KNOWN = Known(MappingProxyType({each.id: each for each in (SALES, RENEWALS, OLD)}))


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({}, (None, None)),
        ({"stage": "first  TALK"}, (None, "First Talk")),
        ({"stage": "Offer"}, (None, "Offer")),  # of the default pipeline
        ({"stage": "Due"}, (None, "Due")),  # in one pipeline only
        ({"pipeline": "续约", "stage": "offer"}, ("续约", "Offer")),
        ({"pipeline": "ＳＡＬＥＳ", "status": "won"}, ("Sales", None)),
    ],
)
def test_a_place_is_found_by_names(said: Mapping[str, str], where: tuple[Any, Any]) -> None:
    place = place_of(KNOWN, said, {}, COLUMNS)
    assert (place.pipeline and place.pipeline.name, place.stage and place.stage.name) == where
    if said == {"stage": "Offer"}:
        assert place.stage in SALES.stages.values()
    if "pipeline" in said and "stage" in said:
        assert place.stage in RENEWALS.stages.values()


@pytest.mark.parametrize(
    ("said", "column"),
    [
        ({"stage": "Nowhere"}, "Step"), ({"pipeline": "Old"}, "Process"), ({"stage": "Ancient"}, "Step"),
        ({"pipeline": "Sales", "stage": "Due"}, "Step"), ({"status": "maybe"}, "Outcome"),
        ({"stage": "Won", "status": "open"}, "Outcome"), ({"pipeline": ""}, "Process"),
    ],
)  # fmt: skip
def test_a_place_that_is_none_is_named_with_its_column(said: dict[str, str], column: str) -> None:
    with pytest.raises(CellProblem) as refused:
        place_of(KNOWN, said, {}, COLUMNS)
    assert refused.value.column == column


words = st.text("abc 客户", max_size=300)


@given(st.lists(words, max_size=3), words, st.none() | words)
def test_a_name_is_made_of_what_there_is(
    products: list[str], number: str, account: str | None
) -> None:
    document = {"lines": [{"name": each} for each in products], "external_id": number}
    found = name_for(document, account)
    assert (found is None) == (not any(products) and not account and not number)
    assert found is None or 1 <= len(found) <= 200


amounts = st.decimals(0, 10**9, places=2)
currencies = st.sampled_from(["CNY", "EUR"])


@given(amounts, currencies, amounts, currencies, st.floats(0, 100), st.floats(0, 100))
def test_what_is_so_already_is_no_news(
    sent: Decimal, currency: str, present: Decimal, other: str, chance: float, now: float
) -> None:
    said = {"amount": money(sent, currency), "probability": chance, "name": "x"}
    row = {"amount_amount": present, "amount_currency": other, "probability": now}
    found = news_in(said, row)
    assert ("amount" in found) == ((sent, currency) != (present, other))
    assert ("probability" in found) == (chance != now)
    assert found["name"] == "x"
    assert said.keys() == {"amount", "probability", "name"}


@given(amounts, st.none() | currencies, st.none() | currencies)
def test_prices_are_in_the_currency_that_is_nearest(
    price: Decimal, own: str | None, of_deal: str | None
) -> None:
    document: dict[str, Any] = {
        "lines": [{"name": "Seat", "unit_price": (price, own)}, {"name": "B"}]
    }
    if of_deal is not None:
        document["amount"] = {"amount": "1", "currency": of_deal}
    first, second = with_priced_lines(document, usual_currency="USD")["lines"]
    assert Decimal(first["unit_price"]["amount"]) == price
    assert first["unit_price"]["currency"] == (own or of_deal or "USD")
    assert "unit_price" not in second
    assert document["lines"][0]["unit_price"] == (price, own)
    assert priced_lines([{**first, "unit_price": money(price, "EUR")}])[0]["quantity"] == 1


def test_only_what_is_closed_was_closed() -> None:
    now = datetime.now(UTC)
    demand_closed(None, "open")
    demand_closed(now, "won")
    with pytest.raises(Invalid) as refused:
        demand_closed(now, "open")
    assert list(refused.value.errors) == ["closed_on"]


def test_columns_are_recognised_by_what_people_call_them() -> None:
    asked = {
        "Deal Name": "name", "客户名称": "account", "Sales Agent": "owner", "销售阶段": "stage", "Deal Value": "amount",
        "Close Date": "closed_on", "Product 2": "product_2", "Quantity 2": "product_2_quantity", "币种": "amount_currency",
    }  # fmt: skip
    found = suggest_mapping(list(asked), OPPORTUNITY_FIELDS)
    assert {column: name for column, (name, _) in found.items()} == asked
    assert all(find_field(OPPORTUNITY_FIELDS, name) for name in asked.values())


def test_money_and_wide_fields_are_columns_of_their_own() -> None:
    wide = {"amount": ("amount", "amount_currency")}
    assert columns_of(["id", "amount", "custom"], ["tender"], wide) == [
        "id", "amount", "amount_currency", "custom.tender",
    ]  # fmt: skip
    assert money_columns("amount", {"amount": "1.50", "currency": "EUR"}) == {
        "amount": Decimal("1.50"), "amount_currency": "EUR",
    }  # fmt: skip
    assert money_columns("amount", None) == {}
