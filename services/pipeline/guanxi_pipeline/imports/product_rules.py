"""What a row says of a product's list prices. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

Prices = Sequence[Mapping[str, Any]]


def with_list_price(document: Mapping[str, Any]) -> dict[str, Any]:
    """The API's document: one price of a row is the only one of its list."""
    found = {name: value for name, value in document.items() if name != "price"}
    return found if document.get("price") is None else {**found, "prices": [document["price"]]}


def prices_after(present: Prices, sent: Prices) -> list[dict[str, Any]]:
    """Those of other currencies stay: a row has one price, not the whole list."""
    by_currency = {each["currency"]: dict(each) for each in (*present, *sent)}
    return [by_currency[currency] for currency in sorted(by_currency)]
