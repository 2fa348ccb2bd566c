"""Weeks ahead and open deals: against series and deals whose future is known, on the past alone."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.fitting.ahead import learn_customers
from guanxi_analytics.fitting.deals import Deal, learn_deals
from guanxi_analytics.modelling.forecasting import METHODS, ahead
from guanxi_shared.db import Database
from guanxi_shared.identifiers import new_id
from tests.analytics.test_fits import fit, heard
from tests.factories import Clients, Organisation

CUSTOMERS = "/v1/analytics/models/active-customers"
REVENUE = "/v1/analytics/models/revenue-ahead"
DEALS = "/v1/analytics/models/deals-ahead"


def test_noise_around_a_level_is_forecast_by_its_mean_and_covered() -> None:
    random = np.random.default_rng(1)
    found = ahead(random.normal(100, 10, 200), horizon=4)
    assert found.method != "naive"
    assert found.gain[1] > 0
    assert found.error < found.error_of_naive
    assert 0.72 < found.covered < 0.88
    assert np.all(found.low < 100)
    assert np.all(found.high > 100)


def test_a_walk_is_forecast_no_better_than_by_its_last_value() -> None:
    random = np.random.default_rng(2)
    found = ahead(500 + random.normal(0, 1, 300).cumsum(), horizon=4)
    assert found.gain[1] <= 0


def test_of_a_trend_theta_goes_half_the_way() -> None:
    """A straight line: the smoothing follows it at its largest constant, theta adds half the slope a step."""
    y = np.arange(60.0)
    said = METHODS["theta"](y, 4)
    assert np.diff(said) == pytest.approx([0.5, 0.5, 0.5])
    assert said[0] > METHODS["ses"](y, 4)[0]


def test_what_comes_later_changes_nothing_that_was_said_before() -> None:
    random = np.random.default_rng(3)
    y = random.poisson(20, 90).astype(float)
    early, late = ahead(y[:80], horizon=4), ahead(np.append(y[:80], [999.0] * 10), horizon=4)
    both = len(early.origins)
    assert np.array_equal(early.sums[:, :2], late.sums[:both, :2])


def test_a_short_series_is_refused_with_what_it_takes() -> None:
    with pytest.raises(ValueError, match="takes 56 periods"):
        ahead([1.0] * 30, horizon=4)


def deals_by_age(count: int, until: int, *, seed: int) -> list[Deal]:
    """A deal is lost early or won late: whoever is still open after a month is nearly sure to be won."""
    random, found = np.random.default_rng(seed), list[Deal]()
    for _ in range(count):
        opened = until - int(random.integers(1, 900))
        is_won = bool(random.random() < 0.4)
        closed = opened + int(random.integers(60, 120) if is_won else random.integers(1, 30))
        kind = "open" if closed > until else "won" if is_won else "lost"
        found.append((opened, None if kind == "open" else closed, kind, 100.0, "CNY", 0.5))
    return found


def test_age_tells_which_open_deals_are_won_where_it_does() -> None:
    until = date(2026, 6, 30).toordinal()
    found = learn_deals(deals_by_age(3_000, until, seed=4), until)
    assert found["verdict"] == "use", found["sentence"]
    for past in found["found"]["past"]:
        assert abs(past["expected"] / past["won"] - 1) < 0.25
    own = found["found"]["open"]["CNY"]
    assert own["expected"] == pytest.approx(own["expected_deals"] * 100, abs=1)
    assert own["stage_weighted"] == pytest.approx(own["amount"] / 2)


def test_what_is_closed_later_was_open_at_the_time() -> None:
    """Leakage: endings after a moment change nothing that is said at it."""
    until = date(2026, 6, 30).toordinal()
    deals = deals_by_age(2_000, until, seed=5)
    moment = until - 90
    flipped: list[Deal] = [
        (o, c, ("lost" if k == "won" else "won") if c is not None and c > moment else k, a, m, s)
        for o, c, k, a, m, s in deals
    ]
    pasts = [learn_deals(each, until)["found"]["past"] for each in (deals, flipped)]
    said = [
        [(p["origin"], p["open"], p["expected"], p["naive"]) for p in past if p["origin"] <= str(date.fromordinal(moment))]
        for past in pasts
    ]  # fmt: skip
    assert said[0] == said[1]
    assert pasts[0][-1]["won"] != pasts[1][-1]["won"]


def test_a_model_that_is_not_used_expects_nothing() -> None:
    """Deals that end on any day alike, and a series that walks."""
    until, random = date(2026, 6, 30).toordinal(), np.random.default_rng(9)
    deals: list[Deal] = []
    for _ in range(2_000):
        opened, lasts = until - int(random.integers(1, 900)), int(random.geometric(0.02))
        kind = "open" if opened + lasts > until else "won" if random.random() < 0.5 else "lost"
        deals.append((opened, None if kind == "open" else opened + lasts, kind, 1.0, "CNY", 0.5))
    found = learn_deals(deals, until)
    assert found["verdict"] == "no_better", found["sentence"]
    assert set(found["found"]["open"]["CNY"]) == {"deals", "amount", "stage_weighted"}
    walk = 500 + random.normal(0, 1, 300).cumsum()
    last = until - (until - 1) % 7  # a Monday
    weeks = [(last - 7 * n, float(value)) for n, value in enumerate(walk)]
    told = learn_customers(weeks, last - 7 * 299, last)
    assert (told["verdict"], told["found"]["ahead"]) == ("no_better", [])


def test_few_deals_are_refused() -> None:
    found = learn_deals(deals_by_age(50, 739_000, seed=6), 739_000)
    assert "takes 200 closed deals" in found["sentence"]


async def test_weeks_and_deals_come_from_the_feeds(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    random, until = np.random.default_rng(7), date(2026, 6, 28)  # a Sunday: its week is whole
    bought = []
    for week in range(80):
        monday = until - timedelta(days=6 + 7 * week)
        for n in range(int(random.poisson(9))):
            bought.append((f"w{n}", monday + timedelta(days=int(random.integers(0, 5))), Decimal(50)))  # fmt: skip
    await heard(service_database, organisation, bought)
    events = [
        opportunity(organisation, deal) for deal in deals_by_age(1_200, until.toordinal(), seed=8)
    ]
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "pipeline", events)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until=str(until))
    customers, revenue, deals = [
        (await admin.get(each)).json() for each in (CUSTOMERS, REVENUE, DEALS)
    ]
    assert customers["verdict"] in ("use", "weak"), customers["sentence"]
    assert [each["week"] for each in customers["figures"]["ahead"]] == [
        str(until + timedelta(days=1 + 7 * n)) for n in range(4)
    ]
    assert all(5 < each["expected"] < 13 for each in customers["figures"]["ahead"])
    assert list(revenue["figures"]["currencies"]) == ["USD"]
    assert (deals["verdict"], deals["data"]["customers"]) == ("use", 1_200), deals["sentence"]
    seen = (await client(organisation.rep).get(DEALS)).json()
    assert (seen["figures"], seen["verdict"]) == (None, "use")
    names = {each["name"] for each in (await admin.get("/v1/analytics/models")).json()["data"]}
    assert len(names) == 9


async def test_a_field_that_was_set_after_the_end_is_refused(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Planted: whoever closes a deal sets its probability to what came of it; its source was known from the start. Then one
    source is changed after the end and written back: who knows why, it is refused too."""
    opened, events = date(2026, 1, 5).toordinal(), []
    for n in range(20):
        ends = (opened + 30, "won" if n % 2 else "lost")
        first = opportunity(organisation, (opened, None, "open", 10.0, "CNY", None))
        first |= {"occurred_at": "2026-01-05T08:00:00+00:00"}
        first["after"] |= {"source": "fair", "probability": 50}
        last = opportunity(organisation, (opened, *ends, 10.0, "CNY", None))
        last |= {
            "subject_id": first["subject_id"],
            "version": 2,
            "occurred_at": "2026-02-04T12:00:00+00:00",
        }
        last["after"] |= {"id": first["subject_id"], "source": "fair", "probability": 100 * (n % 2)}
        events += [first, last]
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "pipeline", events)
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2026-06-30")
    fields = {each["field"]: each for each in (await admin.get(DEALS)).json()["figures"]["fields"]}
    assert (fields["source"]["is_usable"], fields["source"]["n"]) == (True, 20)
    assert (fields["amount"]["is_usable"], fields["amount"]["late"]) == (True, 0)
    assert (fields["probability"]["is_usable"], fields["probability"]["late"]) == (False, 20)
    assert "Refused" in fields["probability"]["sentence"]
    assert not fields["reason"]["is_usable"]
    again = [events[1]["after"] | {"source": source} for source in ("web", "fair")]
    back = [
        events[1] | {"version": 3 + n, "after": state, "occurred_at": f"2026-03-0{1 + n}T08:00:00+00:00"}
        for n, state in enumerate(again)
    ]  # fmt: skip
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "pipeline", back)
    await fit(service_database, organisation, admin, until="2026-06-30")
    fields = {each["field"]: each for each in (await admin.get(DEALS)).json()["figures"]["fields"]}
    assert (fields["source"]["is_usable"], fields["source"]["late"]) == (False, 1)


def opportunity(organisation: Organisation, deal: Deal) -> dict[str, Any]:
    opened, closed, kind, amount, currency, _ = deal
    id = str(new_id())
    state = {
        "id": id, "account_id": None, "pipeline_id": None, "stage_id": None, "owner_id": str(organisation.rep.id),
        "team_id": None, "status": kind, "opened_on": str(date.fromordinal(opened)), "created_at": "2026-01-01T00:00:00Z",
        "closed_at": None if closed is None else f"{date.fromordinal(closed)}T12:00:00+00:00",
        "amount": {"amount": str(amount), "currency": currency}, "probability": 50, "source": None, "reason": None,
    }  # fmt: skip
    return {
        "organisation_id": str(organisation.id), "type": "pipeline.opportunity.created", "subject_type": "opportunity",
        "subject_id": id, "version": 1, "before": None, "after": state, "occurred_at": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
