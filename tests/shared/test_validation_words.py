"""What a caller is told about fields that do not fit."""

from typing import Any

import orjson
import pytest
from pydantic import Field

from guanxi_shared.errors import Problem
from guanxi_shared.values import Value
from guanxi_shared.writes import parse


class Price(Value):
    amount: str
    currency: str


class Line(Value):
    unit_price: Price | None = None
    quantity: float = 1.0


class Offer(Value):
    name: str
    lines: list[Line] = Field(default_factory=list)
    by_size: dict[str, Price] = Field(default_factory=dict)
    parts: list[Line | Price] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"name": "x", "quantity": 1}, "quantity",
         "There is no such field here; there are name, lines, by_size, parts."),
        ({"name": "x", "line": []}, "line", "There is no such field here; did you mean lines?"),
        ({"name": "x", "lines": [{}, {"quantty": 2}]}, "lines.1.quantty",
         "There is no such field here; did you mean quantity?"),
        ({"name": "x", "lines": [{"unit_price": "5.00"}]}, "lines.0.unit_price",
         "Send an object with amount, currency."),
        ({"name": "x", "lines": [{"unit_price": {"amount": "5"}}]}, "lines.0.unit_price.currency",
         "This field is required."),
        ({"name": "x", "by_size": {"s": {"amount": "5", "currency": "CNY", "tax": 1}}}, "by_size.s.tax",
         "There is no such field here."),
        ({"name": "x", "parts": [{"tax": 1}]}, "parts.0.Line.tax", "There is no such field here."),
        ([], "body", "Send an object with name, lines, by_size, parts."),
        ({"name": 5}, "name", "Input should be a valid string"),
    ],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_told_what_to_send(
    sent: Any, field: str, sentence: str
) -> None:
    with pytest.raises(Problem) as refused:
        parse(Offer, orjson.dumps(sent))
    assert refused.value.errors[field] == sentence
    assert all(
        each["detail"] == refused.value.errors[field] for each in refused.value.violations[:1]
    )
