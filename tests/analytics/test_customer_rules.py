"""What is said of one customer by rules: contributions that add up, what would change a score, what to do next."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.contracts.renewal_rules import shown as contract_shown
from guanxi_analytics.customers import action_rules, change_rules, why_rules
from guanxi_analytics.customers.action_rules import Answer, Guesses, Known, Offer, Overdue, Term
from guanxi_analytics.customers.outlook_rules import WEEK, alive, falls_on

PARAMETERS = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}
UNTIL = date(2026, 6, 30)
GUESSES = Guesses(3.0, 0.1, Decimal(0), 90, None)
SHARES = st.floats(0.0, 1.0)
MONEY = st.decimals(0, 10_000_000, places=2)


def outlook(repeats: int, known: int, silent: int, **more: Any) -> dict[str, Any]:
    """Known for so many days, silent for the last ones."""
    first = UNTIL - timedelta(days=known)
    row = {
        "found": {"buying": {"parameters": PARAMETERS}}, "settings": {"horizon_weeks": 52.0}, "currency": "CNY", "until": UNTIL,
        "repeats": repeats, "first_on": first, "last_on": UNTIL - timedelta(days=silent), "value": None, "value_if_back": None,
    }  # fmt: skip
    now = alive(PARAMETERS, repeats, (known - silent) / WEEK, known / WEEK)
    return row | {"alive": now, "purchases": 1.0} | more


@st.composite
def outlooks(draw: st.DrawFn) -> dict[str, Any]:
    known = draw(st.integers(1, 3_000))
    row = outlook(draw(st.integers(0, 200)), known, draw(st.integers(0, known)))
    return row | {"value": draw(MONEY), "purchases": draw(st.floats(0.0, 300.0))}


def adds_up(why: dict[str, Any]) -> bool:
    parts = [Decimal(each["contribution"]) for each in why["contributions"]]
    return sum(parts) == Decimal(why["total"])


@given(outlooks())
def test_contributions_of_chance_value_and_risk_add_up_exactly(row: dict[str, Any]) -> None:
    at_risk = round(row["value"] * (1 - Decimal(row["alive"])), 2)
    value, risk = why_rules.of_value(row), why_rules.of_risk(row, at_risk)
    assert adds_up(value)
    assert adds_up(risk)
    assert (Decimal(value["total"]), Decimal(risk["total"])) == (row["value"], at_risk)
    chance = why_rules.of_alive(row)
    assert (chance is None) == (row["repeats"] == 0)
    if chance is not None:
        assert adds_up(chance)


@given(SHARES, SHARES, SHARES, st.sampled_from(["place", "length", "overall"]))
def test_contributions_of_a_hazard_add_up_exactly(
    overall: float, by_term: float, place: float, by: str
) -> None:
    hazard = {"place": place, "length": by_term, "overall": overall}[by]
    learnt = {"by": by, "overall": overall, "terms": {"year": by_term}}
    row = {
        "customer_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f50", "subject_id": "01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f51",
        "term": "year", "n": 2, "began_on": UNTIL, "valid_until": UNTIL, "days_left": 0, "hazard": hazard,
    }  # fmt: skip
    contract = contract_shown(row, learnt, {})
    parts = [Decimal(str(each["contribution"])) for each in contract["reasons"]]
    assert sum(parts) == Decimal(str(contract["hazard"]))
    why = why_rules.of_hazard(contract)
    assert why is not None
    assert adds_up(why)
    assert Decimal(why["total"]) == Decimal(str(contract["hazard"]))


@given(st.integers(1, 100), st.integers(2, 2_000), st.data(), st.sampled_from([0.5, 0.1]))
def test_silence_until_the_day_that_is_named_makes_the_difference(
    repeats: int, known: int, data: st.DataObject, chance: float
) -> None:
    silent = data.draw(st.integers(0, known - 1))
    first, last = UNTIL - timedelta(days=known), UNTIL - timedelta(days=silent)
    on = falls_on(PARAMETERS, repeats, first, last, chance)
    if on is None:
        return

    def at(day: date) -> float:
        days = (last - first).days, (day - first).days
        return alive(PARAMETERS, repeats, days[0] / WEEK, days[1] / WEEK)

    assert at(on) <= chance + 1e-9
    assert on <= last or at(on - timedelta(days=1)) > chance - 1e-9


def test_what_would_change_is_a_purchase_and_so_much_silence() -> None:
    row = outlook(12, 700, 20, value=Decimal("900.00"), value_if_back=Decimal("1000.00"))
    changes = change_rules.of_outlook(row, sees_sums=True)
    assert [(each["score"], each["by"]) for each in changes] == [
        ("alive", "purchase_today"), ("value", "purchase_today"), ("alive", "silence"), ("alive", "silence")
    ]  # fmt: skip
    assert [each["after"] for each in changes[1:]] == ["1000.00", "0.5000", "0.1000"]
    assert UNTIL < changes[2]["on"] < changes[3]["on"]
    assert changes[0]["before"] < changes[0]["after"]
    hidden = change_rules.of_outlook(row, sees_sums=False)
    assert {each["score"] for each in hidden} == {"alive"}
    today = outlook(12, 700, 0)
    assert "purchase_today" not in {
        each["by"] for each in change_rules.of_outlook(today, sees_sums=True)
    }


@pytest.mark.parametrize(
    ("by", "after"),
    [("place", ["0.0500"]), ("length", []), ("overall", [])],
)
def test_a_renewal_changes_a_hazard_where_its_place_tells_something(
    by: str, after: list[str]
) -> None:
    contract = {"hazard": 0.3, "term": "year", "n": 1, "entitlement_id": "e"}
    learnt = {"by": by, "places": [("year", 1, 0.3), ("year", 2, 0.05)]}
    changes = change_rules.of_contract(contract, learnt, 24)
    assert [each["after"] for each in changes] == after


TODAY = date(2026, 6, 30)
GONE: dict[str, Any] = {"alive": 0.2, "value": Decimal(100), "value_if_back": Decimal(1100)}
SILENT: dict[str, Any] = {"silent_days": 100, "usual_days": 20.0, "alive": 0.75, "value": Decimal(800)}  # fmt: skip
ENDING = Term("e", TODAY + timedelta(days=30), 30, 0.25)


@pytest.mark.parametrize(
    ("known", "guesses", "rules", "expected"),
    [
        ({}, {}, ["nothing"], [None]),
        ({"complaints": 2, "oldest_complaint_on": TODAY}, {}, ["answer"], [None]),
        ({"answers": [Answer("csat", 2, TODAY)]}, {}, ["answer"], [None]),
        ({"answers": [Answer("csat", 3, TODAY)]}, {}, ["nothing"], [None]),
        ({"answers": [Answer("nps", 6, TODAY - timedelta(days=91))]}, {}, ["nothing"], [None]),
        ({"overdue": [Overdue("CNY", Decimal("70.00"), 1, 9)]}, {}, ["collect"], ["70.00"]),
        ({"terms": [ENDING]}, {}, ["renew"], [None]),
        ({"terms": [ENDING]}, {"term_value": Decimal(1200)}, ["renew"], ["300.00"]),
        ({"terms": [ENDING]}, {"within": 29}, ["nothing"], [None]),
        (GONE, {}, ["win_back"], ["100.00"]),
        (GONE, {"chance": 0.5, "cost": Decimal(100)}, ["win_back"], ["400.00"]),
        (GONE, {"cost": Decimal(100)}, ["nothing"], [None]),
        (GONE | {"value": None}, {}, ["win_back"], [None]),
        (SILENT, {}, ["call"], ["200.00"]),
        (SILENT | {"value": None}, {}, ["call"], [None]),
        (SILENT, {"k": 5.0}, ["nothing"], [None]),
        (SILENT | {"alive": 0.4, "value_if_back": Decimal(0)}, {}, ["nothing"], [None]),
        ({"silent_days": 100, "usual_days": 20.0}, {}, ["call"], [None]),
        ({"offer": Offer("Toner", "Printer", 0.4, Decimal("50"))}, {}, ["cross_sell"], ["20.00"]),
        ({"offer": Offer("Toner", "Printer", 0.4, None)}, {}, ["cross_sell"], [None]),
        (
            {"offer": Offer("Toner", "Printer", 0.4, None), "terms": [ENDING], "complaints": 1, **GONE,
             "overdue": [Overdue("CNY", Decimal("70.00"), 1, 9), Overdue("EUR", Decimal("7.00"), 1, 9)]}, {},
            ["answer", "collect", "collect", "renew", "win_back", "cross_sell"], [None, "70.00", "7.00", None, "100.00", None],
        ),
    ],
)  # fmt: skip
def test_rules_come_in_their_order_with_money_where_it_can_be_computed(
    known: dict[str, Any], guesses: dict[str, Any], rules: list[str], expected: list[str | None]
) -> None:
    own = {name: getattr(GUESSES, name) for name in Guesses.__slots__} | guesses
    found = action_rules.actions(Known(today=TODAY, currency="CNY", **known), Guesses(**own))
    told = [action_rules.shown(each, n, "CNY") for n, each in enumerate(found, 1)]
    assert [each["rule"] for each in told] == rules
    assert [each["expected"] and each["expected"]["amount"] for each in told] == expected
    assert all(each["is_rule"] and each["reasons"] for each in told)
    assert all((each["computed"] is None) == (each["expected"] is None) for each in told)


@pytest.mark.parametrize(
    ("currency", "amount", "shown"),
    [("EUR", "70", "70.00"), ("JPY", "70", "70"), ("KWD", "0.125", "0.125")],
)
def test_what_is_overdue_is_expected_in_its_own_currency(
    currency: str, amount: str, shown: str
) -> None:
    known = Known(today=TODAY, currency="CNY", overdue=[Overdue(currency, Decimal(amount), 2, 9)])
    [action] = action_rules.actions(known, GUESSES)
    told = action_rules.shown(action, 1, "CNY")
    assert told["expected"] == {"amount": shown, "currency": currency}


def test_reasons_cite_their_figures() -> None:
    known = Known(today=TODAY, currency="CNY", terms=[ENDING], complaints=2, oldest_complaint_on=TODAY, **SILENT)  # fmt: skip
    told = " ".join(reason for each in action_rules.actions(known, GUESSES) for reason in each.reasons)  # fmt: skip
    for figure in ("2 complaints are open", "2026-07-30", "25.0%", "100 days", "5.0 times their usual 20"):  # fmt: skip
        assert figure in told
