"""Sums that grow by what is new are those that a summing anew of every fact gives, whatever came in which batches."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.summaries.adding_rules import growing
from guanxi_analytics.summaries.writing import GONE, SUMMED
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.analytics.test_fits import Purchase, customer, told
from tests.factories import Organisation

NAMES = ("ada", "ben", "cy", "di")
SUMS = "SELECT * FROM customer_summaries WHERE organisation_id = $1 ORDER BY customer_id, currency"
BACKWARD = 0.15


def purchases(rng: Random, day: int) -> list[Purchase]:
    """A batch: of the days that follow mostly, sometimes of one long past, some days twice."""
    found = []
    for _ in range(rng.randrange(1, 7)):
        on = rng.randrange(day) if day and rng.random() < BACKWARD else day + rng.randrange(3)
        amount = Decimal(rng.randrange(1, 10**9)) / 100
        found.append((rng.choice(NAMES), date(2026, 1, 1) + timedelta(days=on), amount))
    return found


def events_of(organisation: Organisation, rng: Random) -> Iterator[list[dict[str, Any]]]:
    """Batches of orders in two currencies; some are told again with another amount, cancelled, or in part returned."""
    before: list[dict[str, Any]] = []
    for day in range(0, 90, 3):
        currency = rng.choice(("USD", "USD", "EUR"))
        batch = list(told(organisation, purchases(rng, day), currency, "2026-06-01T00:00:00+00:00"))
        again = [changed(rng, event) for event in rng.sample(before, min(len(before), 1))]
        yield [*batch, *again]
        before += batch


def changed(rng: Random, event: dict[str, Any]) -> dict[str, Any]:
    event["version"] += 1
    state, more = event["after"], {"type": "pipeline.order.updated"}
    deed = rng.randrange(3)
    if deed == 0:
        return event | more | {"after": state | {"status": "cancelled"}}
    if deed == 1:
        money = state["lines"][0]["amount"] | {"amount": "12.34"}
        return event | more | {"after": state | {"lines": [state["lines"][0] | {"amount": money}]}}
    [line] = state["lines"]
    part = {"line_id": line["id"], "quantity": 1, "amount": line["amount"], "cost": None}
    back = {"id": str(new_id()), "returned_on": "2026-05-05", "lines": [part]}
    return event | more | {"before": {"return": back}}


@pytest.mark.parametrize("seed", range(4))
async def test_what_grew_is_what_is_summed_anew(
    seed: int, organisation: Organisation, service_database: Database
) -> None:
    rng, id = Random(seed), organisation.id
    customers = [customer(organisation, name) for name in NAMES]
    for batch in events_of(organisation, rng):
        async with service_database.transaction(id) as connection:
            await write_facts(connection, id, "pipeline", batch)
        async with service_database.transaction(id) as connection:
            grown = await connection.fetch(SUMS, id)
            await connection.execute(GONE, id, customers)
            await connection.execute(SUMMED, id, customers)
            anew = await connection.fetch(SUMS, id)
        assert [_figures(row) for row in grown] == [_figures(row) for row in anew]


def _figures(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "updated_at"}


def sold(name: str | None, day: int, *, kind: str = "bought", currency: str = "USD") -> Any:
    return {"customer_id": name, "currency": currency, "kind": kind, "valid_on": date(2026, 1, day)}


def test_who_bought_later_than_ever_grows() -> None:
    last: Any = {("ada", "USD"): date(2026, 1, 5)}
    assert growing([sold("ada", 6)], [], last) == {"ada"}
    assert growing([sold("ada", 5)], [], last) == set()  # a day that counts already
    assert growing([sold("ada", 4)], [], last) == set()
    assert growing([sold("ada", 4, currency="EUR")], [], last) == {"ada"}
    assert growing([sold("ada", 1, kind="returned")], [], last) == {"ada"}
    assert growing([sold("ada", 6), sold("ada", 2)], [], last) == set()
    assert growing([sold("ada", 6)], [sold("ada", 3)], last) == set()  # something has ended
    assert growing([sold("ben", 1), sold(None, 1)], [], last) == {"ben"}
