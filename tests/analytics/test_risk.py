"""Risk: what accounts owe, by currency and age, levels by stated rules, of what the caller sees, as of any moment."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxi_analytics.queries.period_rules import moved
from guanxi_analytics.risk.picture_rules import risk_picture
from guanxi_analytics.risk.risk_rules import (
    LEVELS,
    Aged,
    Figures,
    Limit,
    Open,
    Settled,
    aged,
    level_of,
    reasons_of,
    utilisation_of,
)
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from tests.analytics import owing
from tests.analytics.owing import TODAY, ZONE, Ledger, account, accounts, days, invoice, owed
from tests.factories import Clients, Organisation
from tests.statements import statements_of
from tests.tickets.company import in_role

PATH = "/v1/analytics/risk"
UNTIL = date(2026, 6, 30)
CNY = {"amount": "1000.00", "currency": "CNY"}
MONEY = st.decimals("0.01", 1_000_000, places=2)
CURRENCY = st.sampled_from(["CNY", "EUR", "JPY"])
DUE = st.integers(-400, 400).map(lambda n: UNTIL + timedelta(days=n))
OPEN = st.builds(Open, CURRENCY, DUE, MONEY, st.integers(1, 9))
LIMITS = st.none() | st.builds(Limit, st.decimals(0, 1_000_000, places=2), CURRENCY)
SETTLED = st.builds(Settled, st.integers(0, 9), st.integers(0, 300))


def of(rows: list[Open], settled: Settled, limit: Limit | None, today: date = UNTIL) -> Figures:
    return Figures(aged(rows, today), settled, limit)


@given(st.lists(OPEN))
def test_buckets_part_what_is_outstanding_and_no_currency_is_mixed_with_another(
    rows: list[Open],
) -> None:
    found = aged(rows, UNTIL)
    assert set(found) == {row.currency for row in rows}
    for currency, each in found.items():
        own = [row for row in rows if row.currency == currency]
        assert sum(each.buckets.values()) == each.outstanding == sum(r.outstanding for r in own)
        assert each.overdue == each.outstanding - each.buckets["not_due"]
        assert each.overdue == sum(r.outstanding for r in own if r.due_on < UNTIL)
        assert each.invoices == sum(r.invoices for r in own)


@given(st.lists(OPEN, max_size=6), SETTLED, LIMITS, OPEN)
def test_more_that_is_overdue_never_lowers_the_level(
    rows: list[Open], settled: Settled, limit: Limit | None, more: Open
) -> None:
    late = Open(more.currency, min(more.due_on, UNTIL - timedelta(days=1)), more.outstanding, 1)
    before = LEVELS.index(level_of(of(rows, settled, limit)))
    assert LEVELS.index(level_of(of([*rows, late], settled, limit))) >= before


@given(st.lists(OPEN, max_size=6), SETTLED, LIMITS, st.integers(1, 200))
def test_time_that_passes_never_lowers_the_level(
    rows: list[Open], settled: Settled, limit: Limit | None, n: int
) -> None:
    later = of(rows, settled, limit, UNTIL + timedelta(days=n))
    assert LEVELS.index(level_of(later)) >= LEVELS.index(level_of(of(rows, settled, limit)))


@given(st.lists(OPEN, max_size=6), SETTLED, LIMITS)
def test_a_level_above_low_has_its_reasons_and_a_share_is_of_one_currency(
    rows: list[Open], settled: Settled, limit: Limit | None
) -> None:
    figures = of(rows, settled, limit)
    level, told = level_of(figures), reasons_of(figures)
    assert told
    assert any(f"is {level}." in each for each in told) == (level != "low")
    used, _ = utilisation_of(figures)
    if used is not None:
        assert limit is not None
        assert {row.currency for row in rows} <= {limit.currency}


def one(currency: str, late: int, amount: str) -> Open:
    return Open(currency, UNTIL - timedelta(days=late), Decimal(amount), 1)


@pytest.mark.parametrize(
    ("rows", "settled", "limit", "level", "reason"),
    [
        ([], (0, 0), None, "low", "Nothing is overdue, and no threshold is passed."),
        ([one("CNY", 30, "5.00")], (0, 0), None, "low", "CNY 5.00 is overdue, the oldest of it by 30 days, and no threshold is passed."),
        ([one("CNY", 31, "5.00"), one("CNY", 0, "6.00")], (0, 0), None, "medium",
         "CNY 5.00 is overdue, the oldest of it by 31 days: more than 30 days is medium."),
        ([one("CNY", 31, "5.00"), one("CNY", 0, "5.00")], (0, 0), None, "medium",
         "CNY 5.00 is overdue, the oldest of it by 31 days: more than 30 days is medium."),
        ([one("CNY", 31, "5.01"), one("CNY", 0, "5.00")], (0, 0), None, "high",
         "50.05 % of what is outstanding in CNY is overdue, the oldest of it by 31 days: more than 50 % is high."),
        ([one("EUR", 91, "1.00"), one("EUR", -1, "99.00")], (0, 0), None, "high",
         "EUR 1.00 is overdue, the oldest of it by 91 days: more than 90 days is high."),
        ([one("CNY", -9, "80.00")], (0, 0), ("100", "CNY"), "low", "Nothing is overdue, and no threshold is passed."),
        ([one("CNY", -9, "80.01")], (0, 0), ("100", "CNY"), "medium",
         "CNY 80.01 is outstanding, 80.01 % of the credit limit of CNY 100: more than 80 % is medium."),
        ([one("CNY", -9, "100.01")], (0, 0), ("100", "CNY"), "high",
         "CNY 100.01 is outstanding, 100.01 % of the credit limit of CNY 100: more than 100 % is high."),
        ([one("CNY", -9, "100.01"), one("EUR", -9, "1.00")], (0, 0), ("100", "CNY"), "high",
         "CNY 100.01 is outstanding, 100.01 % of the credit limit of CNY 100: more than 100 % is high."),
        ([one("EUR", -9, "999.00")], (0, 0), ("100", "CNY"), "low", "Nothing is overdue, and no threshold is passed."),
        ([one("CNY", -9, "0.01")], (0, 0), ("0", "CNY"), "high", "CNY 0.01 is outstanding, and they may owe nothing: more than 100 % is high."),
        ([], (2, 200), None, "low", "Nothing is overdue, and no threshold is passed."),
        ([], (3, 45), None, "low", "Nothing is overdue, and no threshold is passed."),
        ([], (3, 46), None, "medium",
         "3 invoices that were settled in the last 12 months were 15.3 days late on average: more than 15 days is medium."),
    ],
)  # fmt: skip
def test_levels_by_their_thresholds(
    rows: list[Open], settled: tuple[int, int], limit: tuple[str, str] | None, level: str, reason: str
) -> None:  # fmt: skip
    own = None if limit is None else Limit(Decimal(limit[0]), limit[1])
    figures = of(rows, Settled(*settled), own)
    assert level_of(figures) == level
    assert reasons_of(figures)[0] == reason


@pytest.mark.parametrize(
    ("owed", "limit", "used", "told"),
    [
        ({"CNY": "50"}, None, None, "No credit limit is set."),
        ({"CNY": "50"}, ("200", "CNY"), 0.25, "CNY 50 is outstanding of CNY 200."),
        ({}, ("200", "CNY"), 0.0, "CNY 0 is outstanding of CNY 200."),
        ({"CNY": "50", "EUR": "1"}, ("200", "CNY"), None, "The limit is in CNY, and EUR is outstanding, too: currencies are not added up."),
        ({"EUR": "1"}, ("200", "CNY"), None, "The limit is in CNY, and EUR is outstanding, too: currencies are not added up."),
        ({"CNY": "50"}, ("0", "CNY"), None, "They may owe nothing: there is no limit to use a share of."),
    ],
)  # fmt: skip
def test_a_limit_is_used_by_its_own_currency_or_nothing_is_told(
    owed: dict[str, str], limit: tuple[str, str] | None, used: float | None, told: str
) -> None:
    own = None if limit is None else Limit(Decimal(limit[0]), limit[1])
    by_currency = {name: Aged(outstanding=Decimal(amount)) for name, amount in owed.items()}
    assert utilisation_of(Figures(by_currency, Settled(), own)) == (used, told)


async def listed(client: httpx.AsyncClient, **asked: Any) -> dict[str, Any]:
    """All pages: `data` of all, the rest of the last one."""
    found: list[Any] = []
    cursor = ""
    while cursor is not None:
        answer = await client.get(PATH, params={**asked, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        found += told["data"]
        cursor = told["page"]["next_cursor"]
    return told | {"data": found}


def by_hand(
    states: owing.States, limits: Mapping[str, Any], today: date
) -> dict[str, tuple[str, dict[str, Any], tuple[int, float | None]]]:
    """By account: its level, its sums by currency, how many were settled lately and how late: the rules written out again."""
    own = defaultdict(list)
    for state in states.values():
        own[state["account_id"]].append(state)
    found = {}
    for id, invoices in own.items():
        due = [s for s in invoices if owing.left(s)]
        paid = [
            s
            for s in invoices
            if s["status"] == "paid" and str(moved(today, -12)) < s["paid_on"] <= str(today)
        ]
        if not due and not paid:
            continue
        sums: dict[str, dict[str, Any]] = {}
        for currency in {s["amount"]["currency"] for s in due}:
            mine = [s for s in due if s["amount"]["currency"] == currency]
            late = [s for s in mine if owing.late(s, today) > 0]
            sums[currency] = {
                "outstanding": sum(map(owing.left, mine)), "overdue": sum(map(owing.left, late)),
                "oldest": max((owing.late(s, today) for s in late), default=0),
                "buckets": {
                    name: sum(owing.left(s) for s in mine if owing.bucket(s, today) == name)
                    for name in ("not_due", "1-30", "31-60", "61-90", "over_90")
                },
            }  # fmt: skip
        lateness = [
            max(0, (date.fromisoformat(s["paid_on"]) - date.fromisoformat(s["due_on"])).days)
            for s in paid
        ]
        mean = sum(lateness) / len(lateness) if lateness else None
        limit = limits[id]
        used = sums[limit["currency"]]["outstanding"] if limit and limit["currency"] in sums else 0
        most = Decimal(limit["amount"]) if limit else None
        oldest = max((each["oldest"] for each in sums.values()), default=0)
        mostly = any(
            each["oldest"] > 30 and each["overdue"] * 2 > each["outstanding"]
            for each in sums.values()
        )
        if oldest > 90 or mostly or (most is not None and used > most):
            level = "high"
        elif (
            oldest > 30
            or (most is not None and used * 5 > most * 4)
            or (len(paid) > 2 and sum(lateness) > 15 * len(paid))
        ):
            level = "medium"
        else:
            level = "low"
        found[id] = level, sums, (len(paid), mean)
    return found  # fmt: skip


NAMES = tuple(f"Customer {n:02}" for n in range(24))


def limits_of(n: int) -> dict[str, str] | None:
    amounts = ("0.00", "2500.00", "8000.00", "20000.00")
    return None if n % 3 == 0 else {"amount": amounts[n % 4], "currency": "EUR" if n % 7 == 1 else "CNY"}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
async def test_every_account_stands_where_plain_arithmetic_puts_it_now_and_then(
    organisation: Organisation, client: Clients, service_database: Database, seed: int
) -> None:
    limits = {name: limits_of(n + seed) for n, name in enumerate(NAMES)}
    await accounts(service_database, organisation, limits)
    by_id = {account(organisation, name): limit for name, limit in limits.items()}
    ledger = Ledger(organisation, NAMES, seed)
    ledger.play(150)
    await owing.heard(service_database, organisation, ledger.events, at_once=40)
    admin = client(organisation.admin)
    at, then = ledger.past[80]
    moments = [
        ({}, TODAY, ledger.standing),
        ({"as_of": (at + timedelta(seconds=1)).isoformat()}, at.astimezone(ZONE).date(), then),
    ]
    for asked, today, states in moments:
        expected = by_hand(states, by_id, today)
        found = await listed(admin, limit=5, **asked)
        assert found["today"] == str(today)
        got = {each["account_id"]: each for each in found["data"]}
        assert len(got) == len(found["data"])
        assert {id: each["level"] for id, each in got.items()} == {id: e[0] for id, e in expected.items()}  # fmt: skip
        for id, (_, sums, (n, mean)) in expected.items():
            agrees(got[id], sums)
            assert got[id]["settled"]["invoices"] == n
            assert got[id]["settled"]["mean_days_late"] == (mean and pytest.approx(mean, abs=5e-3))
        ranks = [
            (-LEVELS.index(each["level"]), -max((o["oldest_days_late"] for o in each["owed"]), default=0))
            for each in found["data"]
        ]  # fmt: skip
        assert ranks == sorted(ranks)
        counts = {each["level"]: each["accounts"] for each in found["levels"]}
        for level in LEVELS:
            of_level = {id for id, each in expected.items() if each[0] == level}
            assert counts[level] == len(of_level)
            some = await listed(admin, level=level, limit=7, **asked)
            assert {each["account_id"] for each in some["data"]} == of_level
        whole(found["totals"], expected)


def agrees(each: Mapping[str, Any], sums: Mapping[str, Any]) -> None:
    told = {own["currency"]: own for own in each["owed"]}
    assert told.keys() == sums.keys()
    for currency, own in told.items():
        assert own["oldest_days_late"] == sums[currency]["oldest"]
        for name in ("outstanding", "overdue"):
            assert own[name]["currency"] == currency
            assert Decimal(own[name]["amount"]) == sums[currency][name]
        buckets = {b["bucket"]: Decimal(b["outstanding"]["amount"]) for b in own["buckets"]}
        assert buckets == sums[currency]["buckets"]


def whole(totals: list[Any], expected: Mapping[str, Any]) -> None:
    """The totals are the sums of the list."""
    assert {each["currency"] for each in totals} == {c for e in expected.values() for c in e[1]}
    for total in totals:
        own = [e[1][total["currency"]] for e in expected.values() if total["currency"] in e[1]]
        assert total["accounts"] == len(own)
        for name in ("outstanding", "overdue"):
            assert Decimal(total[name]["amount"]) == sum(each[name] for each in own)
        buckets = {b["bucket"]: Decimal(b["outstanding"]["amount"]) for b in total["buckets"]}
        assert buckets == {name: sum(each["buckets"][name] for each in own) for name in buckets}


@pytest.fixture
async def three(organisation: Organisation, service_database: Database) -> Organisation:
    """One owes in two currencies, one pays late, one is another team's."""
    await accounts(service_database, organisation, {"Acme": CNY, "Late": None})
    await accounts(service_database, organisation, {"Other": CNY}, owner="other_rep")
    await owed(
        service_database, organisation,
        invoice(organisation, "Acme", "300", -45), invoice(organisation, "Acme", "900", 10),
        invoice(organisation, "Acme", "70", -2, currency="EUR"), invoice(organisation, "Acme", "55", -2, void=True),
        *(invoice(organisation, "Late", "10", -60, paid_on=-60 + n, n=n) for n in (10, 20, 30)),
        invoice(organisation, "Late", "10", -500, paid_on=-400),
        invoice(organisation, "Other", "40", -1, owner="other_rep"),
        invoice(organisation, "Other", "60", -1),
    )  # fmt: skip
    return organisation


async def test_an_account_is_told_of_with_reasons_and_what_they_are_made_of(
    three: Organisation, client: Clients
) -> None:
    found = await listed(client(three.rep))
    acme, late = found["data"]
    assert (acme["name"], acme["level"]) == ("Acme", "high")
    assert acme["reasons"] == [
        "CNY 1200.00 is outstanding, 120.00 % of the credit limit of CNY 1000.00: more than 100 % is high.",
        "CNY 300.00 is overdue, the oldest of it by 45 days: more than 30 days is medium.",
    ]
    assert (acme["credit_limit"], acme["utilisation"]) == (CNY, None)
    assert "EUR is outstanding, too" in acme["utilisation_sentence"]
    assert acme["invoices_url"] == f"/v1/invoices?account_id={account(three, 'Acme')}&status=open"
    assert (late["name"], late["level"], late["owed"]) == ("Late", "medium", [])
    assert (late["settled"]["invoices"], late["settled"]["mean_days_late"]) == (3, 20.0)
    rep = client(three.rep)
    for records, expected in (
        (acme["owed"][0]["records"], {"300.00", "900.00"}), (acme["owed"][1]["records"], {"70.00"}),
        (late["settled"]["records"], {"10.00"}), (found["totals"][0]["records"], {"300.00", "900.00", "60.00"}),
    ):  # fmt: skip
        lines = (await rep.post(records["path"], json=records["body"])).json()["data"]
        assert {line["amount"]["amount"] for line in lines} == expected
    assert {each["rule"] for each in found["thresholds"]} >= {"over_limit", "pays_late"}


@pytest.mark.usefixtures("remembered")
async def test_a_page_with_its_levels_and_totals_costs_four_statements(
    client: Clients, three: Organisation, service_database: Database
) -> None:
    """The list beside the levels, what those on the page owe and settled, the totals; an empty page its first and last."""
    admin = client(three.admin)
    whole = await listed(admin)
    with statements_of(service_database) as seen:
        assert await listed(admin) | {"as_of": 0} == whole | {"as_of": 0}
    assert len(seen) == 4, seen
    with statements_of(service_database) as seen:
        found = await listed(admin, as_of="2020-01-01T00:00:00Z")
    assert (found["data"], [each["accounts"] for each in found["levels"]]) == ([], [0, 0, 0])
    assert len(seen) == 2, seen


async def test_only_invoices_and_accounts_that_are_seen_count(
    three: Organisation, client: Clients
) -> None:
    """Of the other team's account the rep has an invoice and does not see the account; its owner sees one of its two."""
    assert {each["name"] for each in (await listed(client(three.rep)))["data"]} == {"Acme", "Late"}
    [own] = (await listed(client(three.other_rep)))["data"]
    assert (own["name"], own["owed"][0]["outstanding"]["amount"]) == ("Other", "40.00")
    whole = await listed(client(three.admin))
    assert {each["name"] for each in whole["data"]} == {"Acme", "Late", "Other"}
    assert [each["outstanding"]["amount"] for each in whole["totals"]] == ["1300.00", "70.00"]
    assert (await listed(client(three.junior)))["data"] == []
    for role in ("agent", "marketer"):
        answer = await client(in_role(three.rep, role)).get(PATH)
        assert answer.status_code == 403, answer.text


async def test_totals_of_few_accounts_are_hidden(
    three: Organisation, client: Clients, service: Edge, monkeypatch: pytest.MonkeyPatch,
    service_database: Database,
) -> None:  # fmt: skip
    monkeypatch.setattr(service.state.house.settings, "smallest_cell", 2)
    admin = client(three.admin)
    found = await listed(admin)
    assert found["smallest_cell"] == 2
    cny, eur = found["totals"]
    assert (eur["outstanding"], eur["overdue"], eur["accounts"]) == (None, None, None)
    assert {each["outstanding"] and 1 for each in eur["buckets"]} == {None}
    assert (cny["outstanding"]["amount"], cny["is_suppressed"]) == ("1300.00", True)
    assert cny["overdue"] is None  # from which the one hidden bucket could be had
    assert {each["accounts"] for each in found["levels"]} <= {None, 0}
    picture = await admin.get(PATH, params={"format": "svg"})
    assert picture.status_code == 200, picture.text
    await accounts(service_database, three, {"Ben": None, "Cui": None})
    for name in ("Ben", "Cui"):
        more = [invoice(three, name, "5", due, n=due + 999) for due in (-45, -2, 10)]
        await owed(service_database, three, *more)
    cny, _ = (await listed(admin))["totals"]
    assert (cny["is_suppressed"], cny["overdue"]["amount"]) == (False, "420.00")


@pytest.mark.parametrize(("language", "n"), [("en", "n: 5 invoices"), ("zh", "n：发票 5")])
async def test_a_picture_has_a_block_for_each_currency_and_says_of_how_many(
    three: Organisation, client: Clients, language: str, n: str
) -> None:
    found = await listed(client(three.admin))
    picture = risk_picture(found, "EUR", language, ZONE)
    assert n in picture["subtitle"]
    titles = [panel["title"] for block in picture["blocks"] for panel in block["panels"]]
    assert [title[-5:] for title in titles] == ["(EUR)", "(CNY)"]
    cny = picture["blocks"][1]["panels"][0]["series"][0]["values"]
    assert cny == [900, 100, 300, 0, 0]


@pytest.mark.parametrize(("form", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_ages_are_a_picture(
    three: Organisation, client: Clients, form: str, begins: bytes, language: str
) -> None:
    params = {"format": form, "language": language}
    answer = await client(three.admin).get(PATH, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.content.startswith(begins)
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"level": "x"}, "level"), ({"as_of": "x"}, "as_of"), ({"limit": "0"}, "limit"), ({"cursor": "x"}, "cursor"),
        ({"format": "csv"}, "format"), ({"language": "fr"}, "language"), ({"currency": "CNY"}, "currency"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, params: dict[str, str], field: str
) -> None:
    answer = await client(organisation.admin).get(PATH, params=params)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    "at", ["0001-01-01T00:00:00Z", "0001-01-02T00:00:00Z", "9999-12-31T23:59:59Z"]
)
async def test_the_ends_of_the_calendar_are_moments_too(
    three: Organisation, client: Clients, at: str
) -> None:
    late = {"field": "overdue_bucket", "operator": "eq", "value": "over_90"}
    body = {"filter_groups": [{"filters": [late]}], "as_of": at}
    measured = body | {"measures": ["overdue"], "dimensions": ["overdue_bucket"]}
    for reader in (client(three.admin), client(three.admin.but(time_zone="America/New_York"))):
        for answer in (
            await reader.get(PATH, params={"as_of": at}),
            await reader.get(PATH, params={"as_of": at, "format": "svg"}),
            await reader.post("/v1/analytics/facts/invoices/search", json=body),
            await reader.post("/v1/analytics/query", json=measured),
        ):
            assert answer.status_code == 200, answer.text


async def page_of(client: httpx.AsyncClient, organisation: Organisation, name: str) -> Any:
    answer = await client.get(f"/v1/analytics/customers/{account(organisation, name)}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_customers_page_says_the_same_and_to_collect_first(
    three: Organisation, client: Clients
) -> None:
    rep = client(three.rep)
    listed_ones = {each["name"]: each for each in (await listed(rep))["data"]}
    page = await page_of(rep, three, "Acme")
    own = {name: value for name, value in listed_ones["Acme"].items() if name in page["risk"]}
    assert own.items() <= page["risk"].items()
    assert len(own) == 8
    first, second, *rest = page["next_best_actions"]["data"]
    assert [each["rule"] for each in (first, second)] == ["collect", "collect"]
    assert first["expected"] == {"amount": "300.00", "currency": "CNY"}
    assert first["reasons"] == ["1 invoice is overdue, CNY 300.00 in all, the oldest by 45 days."]
    assert second["expected"] == {"amount": "70.00", "currency": "EUR"}
    assert "collect" not in {each["rule"] for each in rest}
    late = await page_of(rep, three, "Late")
    assert late["risk"]["level"] == "medium"
    assert [each["rule"] for each in late["next_best_actions"]["data"]] == ["nothing"]


async def test_a_page_tells_nothing_of_invoices_that_are_not_seen(
    three: Organisation, client: Clients, service_database: Database
) -> None:
    await accounts(service_database, three, {"New": CNY})
    page = await page_of(client(three.rep), three, "New")
    assert (page["risk"]["level"], page["risk"]["credit_limit"]) == (None, CNY)
    hidden = await page_of(client(in_role(three.admin, "agent")), three, "Acme")
    assert hidden["risk"]["level"] is None
    assert hidden["risk"]["owed"] == []
    assert "read invoices" in hidden["risk"]["sentence"]
    assert [each["rule"] for each in hidden["next_best_actions"]["data"]] == ["nothing"]


async def test_an_account_that_became_another_owes_no_more(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Contacts deletes the one, pipeline gives its invoices to the other; the past stays what it was."""
    await accounts(service_database, organisation, {"Keep": CNY, "Twin": None})
    twin = invoice(organisation, "Twin", "50", -5)
    await owed(service_database, organisation, twin)
    moved_on = twin | {"account_id": account(organisation, "Keep")}
    at = "2026-02-01T00:00:00+00:00"
    await owing.heard(
        service_database, organisation,
        [owing.told_of(organisation, moved_on, verb="updated", version=2, at=at)],
    )  # fmt: skip
    gone = {"id": account(organisation, "Twin"), "name": "Twin"}
    await owing.heard(
        service_database, organisation,
        [owing.told_of(organisation, gone, noun="contacts.account", verb="deleted", version=2, at=at)],
    )  # fmt: skip
    admin = client(organisation.admin)
    [now] = (await listed(admin))["data"]
    assert (now["name"], now["utilisation"]) == ("Keep", 0.05)
    [then] = (await listed(admin, as_of="2026-01-15T00:00:00Z"))["data"]
    assert then["name"] == "Twin"
    assert days(0) == str(TODAY)
