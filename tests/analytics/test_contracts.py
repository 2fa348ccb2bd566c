"""Contractual retention: against the published tables, against counts by hand over what tickets really tells, and refused."""

from datetime import date
from typing import Any

import httpx
import pytest

from guanxi_analytics.facts.contract_rules import length_of
from guanxi_shared import http
from guanxi_shared.consumers import Consumer
from guanxi_shared.db import Database
from guanxi_shared.directory import feed_over_http
from guanxi_shared.edge import Edge
from guanxi_tickets.references.heard import TYPES, apply_contacts_events
from tests.analytics.asking import account_made
from tests.analytics.conftest import Hear
from tests.analytics.contracting import Contract, accounts_named, months_on, signed
from tests.analytics.test_rebuilds import done
from tests.analytics.test_totals import stand_at_the_end
from tests.factories import Clients, Organisation
from tests.hearing import one_by_one
from tests.tickets.company import in_role

RETENTION = "/v1/analytics/contracts/retention"
RENEWALS = "/v1/analytics/contracts/renewals"
BEGAN, BEGAN_LATER = date(2000, 1, 1), date(2020, 2, 1)
# Fader and Hardie 2007, J. Interactive Marketing 21(1) 76-90, table 1: of 1,000 customers, there after years 0 to 12.
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173)


async def asked(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    answer = await client.get(RETENTION, params=params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def leaving(there: tuple[int, ...], prefix: str = "") -> list[Contract]:
    """Yearly contracts begun on one day, of whom so many were there after each year."""
    found = []
    for n, (before, after) in enumerate(zip(there, [*there[1:], 0], strict=True), 1):
        found += [Contract(f"{prefix}{n}-{i}", BEGAN, 12, n) for i in range(before - after)]
    return found


async def test_the_published_table_comes_out_of_facts(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Fitted on 7 years: α .704, β 1.182, log-likelihood -1680.27, after 12 years 17.0 %; on 4 years α .764, β 1.296."""
    await signed(service_database, organisation, leaving(REGULAR))
    admin = client(organisation.admin)
    found = await asked(admin, until="2007-02-15", train="4", discount="0.1", by="year")
    [block] = found["data"]
    assert (block["term"], block["contracts"], block["lapsed"], block["running"]) == (
        "year",
        1000,
        759,
        241,
    )
    assert block["churn"]["share"] == 0.759
    assert [each["at_risk"] for each in block["terms"]] == list(REGULAR[:7])
    assert [each["survivors"]["value"] for each in block["terms"]] == [
        n / 1000 for n in REGULAR[1:8]
    ]
    fit = block["model"]["parameters"]
    assert fit["values"]["alpha"] == pytest.approx(0.704, abs=0.5e-3)
    assert fit["values"]["beta"] == pytest.approx(1.182, abs=0.5e-3)
    assert fit["log_likelihood"] == pytest.approx(-1680.27, abs=0.005)
    for each in block["terms"]:
        own = each["fitted"]
        assert own["low"] < own["value"] < own["high"]
        assert own["low"] - 0.02 < each["survivors"]["value"] < own["high"] + 0.02
    past = block["model"]["backtest"]
    assert past["parameters"]["alpha"] == pytest.approx(0.764, abs=0.5e-3)
    assert past["parameters"]["beta"] == pytest.approx(1.296, abs=0.5e-3)
    assert (past["trained_on"], [each["n"] for each in past["terms"]]) == (4, [5, 6, 7])
    assert past["constant"] == pytest.approx(1 - (1000 - 326) / sum(REGULAR[:4]), abs=1e-5)
    assert past["error"] < 0.01 < 0.1 < past["error_of_constant"]
    assert block["model"]["verdict"] == "use"
    assert block["model"]["sorting"]["is_enough"]
    assert "Sorting alone explains it" in block["model"]["sorting"]["sentence"]
    assert [each["term"] for each in block["lifetime"]] == list(range(1, 9))
    assert [each["renewals"] for each in block["lifetime"]] == sorted(
        each["renewals"] for each in block["lifetime"]
    )
    [cohort] = block["cohorts"]
    assert (cohort["cohort"], cohort["contracts"]) == ("2000-01-01", 1000)
    assert [each["kept"] for each in cohort["terms"]] == list(REGULAR[1:8])
    whole = await asked(admin, until="2012-02-15", train="7")
    past = whole["data"][0]["model"]["backtest"]
    assert past["terms"][-1]["observed"] == 0.173
    assert past["terms"][-1]["foretold"] == pytest.approx(0.170, abs=0.5e-3)


async def test_renewals_to_come_are_worth_the_margin_that_was_sent(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """High End, 10 %, eighth period: 7.53 (Fader and Hardie 2010, Marketing Science 29(1))."""
    high = (1000, 869, 743, 653, 593, 551, 517, 491)
    await signed(service_database, organisation, leaving(high))
    params = {"until": "2007-02-15", "margin": "100", "currency": "CNY", "discount": "0.1"}
    found = await asked(client(organisation.admin), **params)
    eighth = found["data"][0]["lifetime"][7]
    assert eighth["renewals"] == pytest.approx(7.53, abs=0.01)
    assert eighth["low"] < eighth["renewals"] < eighth["high"]
    assert float(eighth["value"]["amount"]) == pytest.approx(100 * eighth["renewals"], abs=0.01)
    assert found["margin"] == {"amount": "100", "currency": "CNY"}


async def test_a_change_is_told_from_sorting(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    """Retention that falls is nothing that sorting could make."""
    await signed(service_database, organisation, leaving((1000, 900, 720, 500, 250)))
    [block] = (await asked(client(organisation.admin), until="2004-02-15"))["data"]
    assert block["model"]["verdict"] == "no_better"
    assert "as one constant rate" in block["model"]["sentence"]
    sorting = block["model"]["sorting"]
    assert not sorting["is_enough"]
    assert "something changed" in sorting["sentence"]


async def test_what_tickets_tells_is_counted_by_hand(
    everywhere: Organisation, customers: Clients, desk: Clients, sales: Clients, client: Clients, hear: Hear
) -> None:  # fmt: skip
    """Renewed, renewed late, hours beside incidents, put away, deleted by mistake, merged into another account."""
    admin, people, rep = desk(everywhere.admin), customers(everywhere.rep), sales(everywhere.rep)
    names = ("Kept", "Late", "Beside", "Gone", "Wrong", "Twin")
    ids = {name: await account_made(people, rep, name) for name in names}

    async def term(name: str, first: str, until: str, **more: Any) -> str:
        body = {
            "name": name, "account_id": ids[name], "unit": "incidents", "time_zone": "UTC", "valid_from": first,
            "valid_until": until, **more,
        }  # fmt: skip
        return str((await done(admin, "POST", "/v1/entitlements", json=body))["id"])

    async def renewed(id: str, until: str, **more: Any) -> str:
        body = {"valid_until": until, **more}
        return str((await done(admin, "POST", f"/v1/entitlements/{id}/renew", json=body))["id"])

    kept = await renewed(await term("Kept", "2023-01-01", "2023-12-31"), "2024-12-31")
    late = await term("Late", "2023-01-01", "2023-12-31")
    await renewed(late, "2024-12-31", valid_from="2024-03-15")  # by a link, beyond the grace
    for unit in ("incidents", "hours"):
        await term("Beside", "2023-01-01", "2023-12-31", unit=unit)
        await term("Beside", "2024-01-10", "2024-12-31", unit=unit)  # by its days, within the grace
    gone = await term("Gone", "2024-06-01", "2025-05-31")
    await done(admin, "PATCH", f"/v1/entitlements/{gone}", json={"is_active": False})
    wrong = await renewed(await term("Wrong", "2023-01-01", "2023-12-31"), "2024-12-31")
    await done(admin, "DELETE", f"/v1/entitlements/{wrong}")
    await term("Twin", "2024-01-05", "2024-12-31")
    await hear()
    viewer = client(everywhere.admin)
    at = (await asked(viewer, until="2024-07-01"))["as_of"]

    def counted(block: dict[str, Any]) -> tuple[Any, ...]:
        terms = [(each["at_risk"], each["lost"]) for each in block["terms"]]
        return terms, block["running"], block["put_away"], block["lapsed"]

    [block] = (await asked(viewer, until="2024-07-01"))["data"]
    assert block["term"] == "year"
    assert counted(block) == (
        [(4, 1)],
        4,
        1,
        1,
    )  # Wrong is lost; Gone was put away; Twin runs in its first
    assert block["model"]["verdict"] == "refused"
    assert "it takes 100 customers under contract" in block["model"]["sentence"]
    assert block["terms"][0]["retention"] is None  # of fewer than ten
    [block] = (await asked(viewer, until="2025-02-01"))["data"]
    assert counted(block)[0] == [(5, 2), (3, 3)]
    await done(admin, "POST", f"/v1/entitlements/{wrong}/restore")
    await done(admin, "DELETE", f"/v1/entitlements/{kept}")
    await hear()
    [block] = (await asked(viewer, until="2024-07-01"))["data"]
    assert counted(block) == ([(4, 1)], 4, 1, 1)  # Wrong was renewed after all, and Kept was not
    [past] = (await asked(viewer, until="2025-02-01", as_of=at))["data"]
    assert counted(past)[0] == [(5, 2), (3, 3)]
    assert (await asked(client(everywhere.other_rep), until="2024-07-01"))["data"] == []


async def test_a_merge_takes_the_terms_along_and_gives_them_back(
    everywhere: Organisation, customers: Clients, desk: Clients, sales: Clients, client: Clients, hear: Hear,
    tickets: Edge, contacts: Edge, consumers: Any, peer_clients: Any,
) -> None:  # fmt: skip
    """Contacts merges, tickets follows, and analytics hears of it from both: two contracts become the terms of one."""
    await stand_at_the_end(tickets.state.house.db, contacts)
    admin, people, rep = (
        desk(everywhere.admin),
        customers(everywhere.admin),
        sales(everywhere.admin),
    )
    ids = {}
    for name, year in (("Keep", 2023), ("Twin", 2024)):
        ids[name] = await account_made(people, rep, name)
        body = {
            "name": name, "account_id": ids[name], "unit": "visits", "time_zone": "UTC", "valid_from": f"{year}-01-01",
            "valid_until": f"{year}-12-31",
        }  # fmt: skip
        await done(admin, "POST", "/v1/entitlements", json=body)
    await hear()
    viewer, until = client(everywhere.admin), "2024-07-01"
    [block] = (await asked(viewer, until=until))["data"]
    assert (block["contracts"], block["lapsed"], block["running"]) == (2, 1, 1)
    merge = {"resource": "accounts", "survivor_id": ids["Keep"], "source_ids": [ids["Twin"]]}
    merged = await done(people, "POST", "/v1/merges", json=merge)
    await follow(tickets, peer_clients)
    await hear()
    [block] = (await asked(viewer, until=until))["data"]
    assert (block["contracts"], block["lapsed"], block["running"]) == (1, 0, 1)
    assert [(each["at_risk"], each["lost"]) for each in block["terms"]] == [(1, 0)]
    await done(people, "POST", f"/v1/merges/{merged['id']}/undo")
    await follow(tickets, peer_clients)
    await hear()
    [block] = (await asked(viewer, until=until))["data"]
    assert (block["contracts"], block["lapsed"], block["running"]) == (2, 1, 1)


async def follow(tickets: Edge, peer_clients: Any) -> None:
    """Tickets hears contacts, as it does by itself where it knows its address."""
    http.deadline.set(None)
    here = tickets.state.house
    apply = one_by_one(apply_contacts_events, files_dir=here.settings.files_dir)
    consumer = Consumer("contacts", TYPES, feed_over_http(peer_clients["contacts"]), apply)
    while await consumer.step(here.db, wait=0):
        pass


async def test_who_may_not_read_entitlements_is_told_nothing(
    organisation: Organisation, client: Clients
) -> None:
    nobody = in_role(organisation.rep, "marketer")
    answer = await client(nobody).get(RETENTION)
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"term": "decade"}, "term"), ({"by": "week"}, "by"), ({"train": "1"}, "train"), ({"train": "2.5"}, "train"),
        ({"discount": "0"}, "discount"), ({"margin": "3"}, "margin"), ({"currency": "CNY"}, "currency"),
        ({"margin": "x", "currency": "CNY"}, "margin"), ({"grace": "-1"}, "grace"), ({"grace": "367"}, "grace"),
        ({"until": "soon"}, "until"), ({"as_of": "x"}, "as_of"), ({"terms": "month"}, "terms"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    client: Clients, organisation: Organisation, params: dict[str, str], field: str
) -> None:
    answer = await client(organisation.admin).get(RETENTION, params=params)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]


@pytest.mark.parametrize(
    ("first", "until", "term"),
    [
        (date(2024, 2, 1), date(2024, 2, 29), "month"), (date(2024, 3, 31), date(2024, 4, 29), "month"),
        (date(2024, 1, 1), date(2024, 3, 31), "quarter"), (date(2024, 1, 1), date(2024, 6, 30), "half_year"),
        (date(2024, 2, 29), date(2025, 2, 28), "year"), (date(2024, 1, 1), date(2024, 12, 25), "year"),
        (date(2024, 1, 1), date(2025, 12, 31), "two_years"), (date(2024, 1, 1), date(2026, 12, 31), "three_years"),
        (date(2024, 1, 1), date(2024, 1, 1), "other"), (date(2024, 1, 1), date(2033, 12, 31), "other"),
        (date(2024, 1, 1), date(2024, 9, 30), "other"),
    ],
)  # fmt: skip
def test_a_term_has_the_length_that_its_days_say(first: date, until: date, term: str) -> None:
    assert length_of(first, until) == term


async def endings(client: httpx.AsyncClient, **params: Any) -> dict[str, Any]:
    """All pages."""
    found: list[Any] = []
    cursor = ""
    while cursor is not None:
        answer = await client.get(RENEWALS, params={**params, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        found += told["data"]
        cursor = told["page"]["next_cursor"]
    return told | {"data": found}


def by_length_and_age(months: int = 40) -> list[Contract]:
    """Begun in 40 months after each other: of monthly ones a half leaves after the first term and a tenth of the rest after each,
    of yearly ones a fifth after the first and none later. The last day is 2023-05-31."""
    found = []
    for begun in range(months):
        first, left = months_on(BEGAN_LATER, begun), months - begun
        for n in range(20):
            terms = 1 if n < 10 else min(left, 2 + n) + (2 + n >= left)
            found.append(Contract(f"m{begun}-{n}", first, 1, terms))
            whole = (left - 1) // 12
            found.append(Contract(f"y{begun}-{n}", first, 12, 1 if n < 4 else whole + 1))
    return found


async def test_hazards_are_the_shares_that_were_lost_and_add_up(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    contracts = by_length_and_age()
    await signed(service_database, organisation, contracts)
    await accounts_named(service_database, organisation, [c.name for c in contracts])
    admin, until = client(organisation.admin), "2023-06-01"
    found = await endings(admin, until=until, grace="0", within="45", limit="37")
    running = {
        c.name: c for c in contracts
        if not c.left and date(2023, 6, 1) <= c.days()[-1][1] <= date(2023, 7, 16)
    }  # fmt: skip
    assert {each["name"] for each in found["data"]} == set(running)
    assert len(found["data"]) > 40
    assert found["by"] == "place", found["model"]
    assert found["model"]["verdict"] == "use"
    ranks = [each["hazard"] for each in found["data"]]
    assert ranks == sorted(ranks, reverse=True)
    due = [
        (c.months, n, n == c.terms) for c in contracts for n, (_, end) in enumerate(c.days(), 1)
        if end < date(2023, 6, 1)
    ]  # fmt: skip
    overall = sum(lost for _, _, lost in due) / len(due)
    for each in found["data"]:
        contract = running[each["name"]]
        assert (each["term"], each["n"]) == (
            "month" if contract.months == 1 else "year",
            contract.terms,
        )
        assert each["ends_on"] == str(contract.days()[-1][1])
        assert each["days_left"] == (contract.days()[-1][1] - date(2023, 6, 1)).days
        of_length = [lost for months, _, lost in due if months == contract.months]
        of_place = [
            lost for months, n, lost in due
            if months == contract.months and min(n, 24) == min(contract.terms, 24)
        ]  # fmt: skip
        by_length = (sum(of_length) + 20 * overall) / (len(of_length) + 20)
        expected = (sum(of_place) + 20 * by_length) / (len(of_place) + 20)
        assert each["hazard"] == pytest.approx(expected, abs=1e-4)
        assert sum(r["contribution"] for r in each["reasons"]) == pytest.approx(each["hazard"], abs=2e-4)  # fmt: skip
    tested = found["model"]["tested"]
    assert tested["precision"] > tested["precision_by_length"] > tested["of_all"]
    assert tested["expected"] == pytest.approx(tested["lost"], rel=0.1)
    assert tested["judgement"]["over_baseline"][1] > 0


async def test_renewals_are_of_those_who_are_seen_and_as_they_were(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    last = Contract("last", date(2024, 1, 1), 12, 1)
    await signed(service_database, organisation, [last, Contract("other", date(2024, 1, 1), 12, 1)])
    await accounts_named(service_database, organisation, ["last"])
    renewed = Contract("last", date(2025, 1, 1), 12, 1)
    await signed(service_database, organisation, [renewed], at="2026-02-01T00:00:00+00:00")
    admin, params = client(organisation.admin), {"until": "2024-12-01"}
    now = await endings(admin, **params)
    assert [(each["name"], each["days_left"]) for each in now["data"]].count(("last", 30)) == 1
    assert {each["name"] for each in now["data"]} == {"last", None}
    assert now["by"] == "overall"
    assert now["data"][0]["hazard"] is None
    later = {"until": "2025-01-10", "grace": "30"}
    now = await endings(admin, **later)
    assert [each["days_left"] for each in now["data"]] == [-10]  # the other may be renewed still
    past = await endings(admin, **later, as_of="2026-01-15T00:00:00Z")
    assert [each["days_left"] for each in past["data"]] == [-10, -10]
    assert (await endings(client(organisation.rep), **params))["model"]["tested"] is None
    assert len((await endings(client(organisation.rep), **params))["data"]) == 2
    assert (await endings(client(organisation.other_rep), **params))["data"] == []
    answer = await client(in_role(organisation.rep, "marketer")).get(RENEWALS)
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"within": "-1"}, "within"), ({"capacity": "0"}, "capacity"), ({"limit": "0"}, "limit"), ({"cursor": "x"}, "cursor"),
        ({"grace": "1.5"}, "grace"), ({"until": "x"}, "until"), ({"as_of": "x"}, "as_of"), ({"term": "year"}, "term"),
    ],
)  # fmt: skip
async def test_what_is_wrong_of_renewals_is_named(
    client: Clients, organisation: Organisation, params: dict[str, str], field: str
) -> None:
    answer = await client(organisation.admin).get(RENEWALS, params=params)
    assert answer.status_code == 400, answer.text
    assert list(answer.json()["errors"]) == [field]
