"""Products over the API: real baskets by the way that everybody's go, and what a customer may buy next."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.fitting.products import LEAST, retained
from guanxi_analytics.modelling.two_shares import difference, mean_difference
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.analytics.data_sets import data_set
from tests.analytics.modelling.test_baskets import groceries
from tests.analytics.test_fits import customer, fit, named
from tests.factories import Clients, Organisation

AFFINITY = "/v1/analytics/affinity"
RETENTION = "/v1/analytics/product-retention"
PASSPORT = "/v1/analytics/models/product-affinity"
Basket = tuple[str | None, date, Sequence[str]]  # who, when, what


def baskets_told(
    organisation: Organisation, baskets: Iterable[Basket], price: int = 1
) -> list[dict[str, Any]]:
    """Orders as pipeline tells of them."""
    events = []
    money = {"amount": f"{price}.00", "currency": "EUR"}
    for who, on, products in baskets:
        id = str(new_id())
        lines = [
            {
                "id": str(new_id()), "product_id": None, "sku": name, "name": f"{name}!", "category": None,
                "quantity": 1.0, "amount": money, "cost": None,
            }
            for name in products
        ]  # fmt: skip
        state = {
            "id": id, "account_id": None if who is None else str(customer(organisation, who)), "contact_id": None,
            "opportunity_id": None, "ordered_on": on.isoformat(), "currency": "EUR", "status": "fulfilled", "lines": lines,
            "source": None, "owner_id": str(organisation.rep.id), "team_id": None,
        }  # fmt: skip
        events.append(
            {
                "organisation_id": str(organisation.id), "type": "pipeline.order.created", "subject_type": "order",
                "subject_id": id, "version": 1, "before": None, "after": state, "occurred_at": "2026-01-01T00:00:00+00:00",
            }
        )  # fmt: skip
    return events


async def sold(
    database: Database, organisation: Organisation, baskets: Iterable[Basket], *, price: int = 1
) -> None:
    events = baskets_told(organisation, baskets, price)
    for begin in range(0, len(events), 1_000):
        async with database.transaction(organisation.id) as connection:
            await write_facts(
                connection, organisation.id, "pipeline", events[begin : begin + 1_000]
            )


async def every(client: Any, path: str, **params: Any) -> list[dict[str, Any]]:
    """All pages of a list."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await client.get(path, params={"limit": 200, **params, **cursor})
        assert answer.status_code == 200, answer.text
        found += answer.json()["data"]
        if not answer.json()["page"]["has_more"]:
            return found
        cursor = {"cursor": answer.json()["page"]["next_cursor"]}


async def test_groceries_come_out_as_published(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """R's arules: 410 rules at support 0.001 and confidence 0.8, of three to six items 29, 229, 140 and 12, the best by lift
    {liquor, red/blush wine} => {bottled beer} .0019319 .9047619 11.2353. Lantz: 463 rules at 0.006 and 0.25."""
    numbers, names = groceries()
    day = date(2026, 3, 2)
    await sold(
        service_database, organisation,
        [(None, day, [names[item] for item in basket]) for basket in numbers],
    )  # fmt: skip
    admin = client(organisation.admin)
    until = str(day + timedelta(days=10))
    await fit(service_database, organisation, admin, until=until, support="0.001", confidence="0.8")
    found = await every(admin, AFFINITY, kind="rule", q=1)
    assert Counter(len(rule["given"]) + 1 for rule in found) == {3: 29, 4: 229, 5: 140, 6: 12}
    best = found[0]
    assert {each["key"] for each in best["given"]} == {"liquor", "red/blush wine"}
    assert best["then"] == {"key": "bottled beer", "name": "bottled beer!"}
    assert best["support"] == pytest.approx(0.0019319, abs=0.5e-7)
    assert best["confidence"] == pytest.approx(0.9047619, abs=0.5e-7)
    assert best["lift"] == pytest.approx(11.2353, abs=0.5e-4)
    assert best["q"] < 1e-9
    lifts = [rule["lift"] for rule in found]
    assert lifts == sorted(lifts, reverse=True)
    pairs = await every(admin, AFFINITY, q=1)
    counted = Counter(pair for basket in numbers for pair in combinations(sorted(set(basket)), 2))
    assert {(rule["given"][0]["key"], rule["then"]["key"]): rule["both"] for rule in pairs} == {
        key: n for (a, b), n in counted.items() if n >= LEAST
        for key in ((names[a], names[b]), (names[b], names[a]))
    }  # fmt: skip
    sure = await every(admin, AFFINITY)
    assert 0 < len(sure) < len(pairs)
    assert all(rule["q"] <= 0.05 for rule in sure)
    own = await every(admin, AFFINITY, product="bottled beer")
    assert own
    assert all("bottled beer" in (rule["given"][0]["key"], rule["then"]["key"]) for rule in own)
    passport = (await admin.get(PASSPORT)).json()
    assert passport["data"]["customers"] == 9_835
    assert passport["figures"]["tests"] == passport["figures"]["frequent_products"] * (passport["figures"]["frequent_products"] - 1) // 2  # fmt: skip
    assert passport["verdict"] == "refused"  # nobody's name is known: no next product can be tried
    assert "410 rules" in passport["sentence"]
    await fit(
        service_database, organisation, admin, until=until, support="0.006", confidence="0.25"
    )
    found = await every(admin, AFFINITY, kind="rule", q=1)
    assert Counter(len(rule["given"]) + 1 for rule in found) == {2: 150, 3: 297, 4: 16}


def uci() -> list[Basket]:
    """Invoices, but cancellations, of every twelfth known customer of the UCI set."""
    file = data_set("uci_online_retail") / "online_retail_2009_12_to_2010_12.parquet"
    rows = duckdb.sql(
        f"""SELECT any_value(customer_id)::bigint, min(invoice_date)::date, list(DISTINCT stock_code ORDER BY stock_code)
        FROM '{file}' WHERE customer_id IS NOT NULL AND invoice NOT LIKE 'C%' AND quantity > 0
        AND customer_id::bigint % 12 = 0 GROUP BY invoice ORDER BY invoice"""
    ).fetchall()
    return [(str(who), on, products) for who, on, products in rows]


async def test_pairs_of_a_wholesaler_are_those_of_an_independent_count(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """UCI Online Retail II, every twelfth customer of a year, beside a self-join by DuckDB."""
    bought = uci()
    await sold(service_database, organisation, bought)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2010-12-09")
    lines = [(n, product) for n, (_, _, products) in enumerate(bought) for product in products]
    table = duckdb.connect()
    table.execute("CREATE TABLE l (o INTEGER, p TEXT)")
    table.execute("INSERT INTO l SELECT unnest($1::INTEGER[]), unnest($2::TEXT[])", [[o for o, _ in lines], [p for _, p in lines]])  # fmt: skip
    joined = table.execute(
        "SELECT a.p, b.p, count(*) FROM l a JOIN l b ON a.o = b.o AND a.p < b.p GROUP BY 1, 2 HAVING count(*) >= 20"
    ).fetchall()
    expected = {(a, b): n for a, b, n in joined}
    found = await every(admin, AFFINITY, q=1)
    told = {
        (rule["given"][0]["key"], rule["then"]["key"]): rule["both"]
        for rule in found
        if rule["given"][0]["key"] < rule["then"]["key"] and rule["both"] >= 20
    }
    assert len(expected) > 50
    assert told == expected
    passport = (await admin.get(PASSPORT)).json()
    tried = passport["figures"]["tried"]
    assert tried["n"] >= 50
    assert passport["verdict"] == ("use" if tried["gain"][1] > 0 else "weak" if tried["gain"][0] > 0 else "no_better")  # fmt: skip


def shoppers(count: int, *, seed: int) -> list[Basket]:
    """Each printer takes its own toner, at once or a quarter later; all else goes its own way."""
    random, found = np.random.default_rng(seed), list[Basket]()
    for n in range(count):
        first = date(2025, 1, 5) + timedelta(days=int(random.integers(0, 60)))
        later = date(2025, 4, 10) + timedelta(days=int(random.integers(0, 60)))
        thing, kind = f"thing {int(random.integers(0, 12))}", n % 10
        if kind >= 6:
            found += [
                (f"b{n}", first, [thing]),
                (f"b{n}", later, [f"thing {int(random.integers(0, 12))}"]),
            ]
            continue
        at_once = [f"toner {kind}"] if random.random() < 0.5 else []
        found += [
            (f"b{n}", first, [f"printer {kind}", *at_once]),
            (f"b{n}", later, [thing if at_once else f"toner {kind}"]),
        ]
    return found


async def test_the_next_product_is_named_by_what_was_bought_and_says_why(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await sold(service_database, organisation, shoppers(600, seed=1))
    await sold(service_database, organisation, [("new", date(2025, 6, 1), ["printer 2"])])
    await named(service_database, organisation, "new")
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2025-06-30")
    passport = (await admin.get(PASSPORT)).json()
    assert passport["verdict"] == "use", passport["sentence"]
    path = f"/v1/analytics/customers/{customer(organisation, 'new')}/next-products"
    found = (await client(organisation.rep).get(path)).json()
    assert (found["by"], found["bought"], found["n"]) == ("pairs", 1, None)
    best = found["data"][0]
    assert best["product"] == {"key": "toner 2", "name": "toner 2!"}
    assert best["because"]["product"]["key"] == "printer 2"
    assert 0.1 < best["because"]["confidence"] < 0.9
    assert len(found["data"]) == 5
    assert "printer 2" not in {each["product"]["key"] for each in found["data"]}
    assert (await admin.get(path)).json()["n"] == passport["data"]["customers"]
    assert (await client(organisation.other_rep).get(path)).status_code == 404
    [offer] = await offers(client(organisation.rep), path)
    assert "had toner 2!, which they have not bought" in offer["reasons"][0]
    assert offer["expected"] is None  # nobody bought it within the year
    today = datetime.now(UTC).date()
    for price in (9, 12, 30):
        await sold(service_database, organisation, [("b1", today, ["toner 2"])], price=price)
    [offer] = await offers(client(organisation.rep), path)
    expected = Decimal(str(best["because"]["confidence"])) * 12
    assert offer["expected"] == {"amount": f"{round(expected, 2):f}", "currency": "EUR"}


async def offers(client: Any, path: str) -> list[dict[str, Any]]:
    page = (await client.get(path.removesuffix("/next-products"))).json()
    return [each for each in page["next_best_actions"]["data"] if each["rule"] == "cross_sell"]


async def test_what_sums_over_all_orders_is_for_those_who_see_them(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await sold(service_database, organisation, shoppers(400, seed=2))
    admin, rep = client(organisation.admin), client(organisation.rep)
    await fit(service_database, organisation, admin, until="2025-12-31")
    for path in (AFFINITY, RETENTION):
        seen, hidden = (await admin.get(path)).json(), (await rep.get(path)).json()
        assert seen["data"], path
        assert (hidden["data"], hidden["n"]) == ([], None)
        assert "those who see them" in hidden["sentence"]
        assert seen["n"] == 800
        assert seen["watermark"] == (await admin.get(PASSPORT)).json()["watermark"]
    assert "those who see them" in (await rep.get(PASSPORT)).json()["sentence"]


async def test_who_bought_a_product_first_is_held_against_all_others(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Counted by hand: 40 bought a key ring first and 30 came back, of 60 others 15; one bought it on their second day
    only and counts among the others."""
    bought: list[Basket] = []
    first, later = date(2025, 1, 6), date(2025, 3, 3)
    for n in range(100):
        key = "ring" if n < 40 else "cup"
        bought.append((f"k{n}", first, [key, key]))
        if n < 30 or n >= 85:
            bought.append((f"k{n}", later, ["ring" if n == 99 else "mug"]))
    bought += [(None, first, ["cup"])] * 60  # nobody's; still orders
    bought.append(("young", date(2025, 12, 1), ["ring"]))  # no window has passed
    await sold(service_database, organisation, bought)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2025-12-31")
    found = (await admin.get(RETENTION)).json()
    assert found["kind"] == "association"
    rows = {row["product"]["key"]: row for row in found["data"]}
    ring = rows["ring"]
    assert (ring["buyers"], ring["back"], ring["others"], ring["others_back"]) == (40, 30, 60, 15)
    assert ring["difference"] == pytest.approx(0.5)
    assert 0.25 < ring["low"] < 0.5 < ring["high"] < 0.7
    assert ring["q"] < 0.001
    assert rows["cup"]["difference"] == pytest.approx(-0.5)


async def test_few_orders_are_refused_with_what_it_takes(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    admin = client(organisation.admin)
    assert "Nothing was fitted" in (await admin.get(AFFINITY)).json()["sentence"]
    await sold(service_database, organisation, shoppers(40, seed=3))
    await fit(service_database, organisation, admin, until="2025-06-30")
    found = (await admin.get(AFFINITY)).json()
    assert found["data"] == []
    assert "takes 200 baskets" in found["sentence"]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"{AFFINITY}?kind=both", "kind"), (f"{AFFINITY}?q=2", "q"), (f"{AFFINITY}?cursor=x", "cursor"),
        (f"{AFFINITY}?limit=0", "limit"), (f"{AFFINITY}?lift=2", "lift"), (f"{RETENTION}?cursor=-1", "cursor"),
        (f"{AFFINITY}?product=%00", "product"),
    ],
)  # fmt: skip
async def test_what_is_sent_wrongly_is_named(
    organisation: Organisation, client: Clients, path: str, field: str
) -> None:
    answer = await client(organisation.admin).get(path)
    assert answer.status_code == 400, answer.text
    assert field in answer.json()["errors"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"support": "0.1"}, "confidence"), ({"confidence": "0.1"}, "support"),
        ({"support": "0.0001", "confidence": "0.5"}, "support"), ({"support": "2", "confidence": "0.5"}, "support"),
    ],
)  # fmt: skip
async def test_thresholds_are_checked_before_anything_is_asked(
    organisation: Organisation, client: Clients, body: Mapping[str, str], field: str
) -> None:
    answer = await client(organisation.admin).post("/v1/analytics/models/fit", json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"]


COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_a_difference_lies_within_its_interval_and_turns_round(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    found, back = difference(*one, *other), difference(*other, *one)
    assert -1 - 1e-9 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1 + 1e-9
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low), abs=1e-12)


def test_newcombes_own_examples() -> None:
    """1998, table II, method 10: 56/70 against 48/80 is 0.2 (0.0524 to 0.3339), 10/10 against 0/10 is 1 (0.6075 to 1)."""
    found = difference(56, 70, 48, 80)
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    extreme = difference(10, 10, 0, 10)
    assert (extreme.low, extreme.high) == pytest.approx((0.6075, 1.0), abs=5e-5)


def test_gains_that_are_none_lie_around_nothing() -> None:
    assert mean_difference([0, 0, 0]).is_beyond_chance is False
    assert mean_difference([1.0, 0.0] * 100).low > 0.4


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 400)),
        min_size=1,
        max_size=120,
    )
)
def test_buyers_and_others_are_all_whose_window_has_passed(
    lines: list[tuple[int, int, int]],
) -> None:
    product, who, day = (np.array(column, np.int64) for column in zip(*lines, strict=True))
    first: dict[int, int] = {}
    for _, c, d in lines:
        first[c] = min(d, first.get(c, d))
    old = {c for c, d in first.items() if d + 182 <= 400}
    for row in retained(product, who, day, 400):
        assert row[1] + row[3] == len(old)
        assert 0 <= row[2] <= row[1]
        assert 0 <= row[4] <= row[3]
