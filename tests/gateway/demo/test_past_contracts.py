"""The demo's contracts of before: as imports take them, without gaps but the late ones, enough to tell who stays."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from guanxi_gateway.cli.demo.past_contracts import HOW_MANY, make_past_contracts
from guanxi_tickets.imports.entitlement_rows import ENTITLEMENT_FIELDS
from tests.gateway.demo.made import CUSTOMERS, SEED, TODAY

ROWS = make_past_contracts(SEED, CUSTOMERS, TODAY)
GRACE = timedelta(days=30)


def contracts(rows: list[dict[str, Any]]) -> dict[str, list[tuple[date, date]]]:
    found: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for row in rows:
        days = [date.fromisoformat(row[name]) for name in ("valid_from", "valid_until")]
        found[row["account_id"]].append((days[0], days[1]))
    return found


def test_the_same_seed_and_day_give_the_same_contracts() -> None:
    assert make_past_contracts(SEED, CUSTOMERS, TODAY) == ROWS
    assert make_past_contracts(SEED, CUSTOMERS, TODAY + timedelta(days=31)) != ROWS
    assert make_past_contracts(SEED + 1, CUSTOMERS, TODAY) != ROWS


def test_every_column_is_one_that_an_import_reads() -> None:
    assert {name for row in ROWS for name in row} <= set(ENTITLEMENT_FIELDS)
    assert len({row["id"] for row in ROWS}) == len(ROWS)
    assert all(0 <= row["used"] <= row["granted"] for row in ROWS)


def test_each_customer_has_one_contract_whose_terms_go_on_within_the_grace() -> None:
    accounts = {customer.account["id"] for customer in CUSTOMERS}
    found = contracts(ROWS)
    assert set(found) <= accounts
    assert len(found) == sum(HOW_MANY.values())
    for terms in found.values():
        assert all(first <= until for first, until in terms)
        assert terms[0][0] > TODAY - timedelta(days=41 * 31)
        for (_, until), (begins, _) in pairwise(terms):
            assert timedelta(0) < begins - until <= GRACE


def test_on_any_day_there_are_enough_that_were_renewed_and_enough_that_lapsed() -> None:
    """What the models of contracts take: 100 contracts of one first length, 3 terms, 20 that left."""
    for day in (TODAY, TODAY + timedelta(days=100), date(2028, 2, 29)):
        lost, due = Counter[bool](), Counter[bool]()
        third, running = Counter[bool](), 0
        for terms in contracts(make_past_contracts(SEED, CUSTOMERS, day)).values():
            is_yearly = (terms[0][1] - terms[0][0]).days > 300
            due[is_yearly] += terms[0][1] + GRACE < day
            third[is_yearly] += len(terms) > 2 and terms[2][1] + GRACE < day
            lost[is_yearly] += terms[-1][1] + GRACE < day
            running += terms[-1][1] >= day
        for is_yearly in (True, False):
            assert due[is_yearly] >= 100
            assert third[is_yearly] >= 10
            assert lost[is_yearly] >= 20
        assert running >= 60
