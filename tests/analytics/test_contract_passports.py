"""What the models of contracts are worth, fitted by the worker as the others are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from guanxi_analytics.fitting.fitting import KIND, ask_for_fits
from guanxi_shared.db import Database
from tests.analytics.contracting import Contract, signed
from tests.analytics.test_contracts import REGULAR, by_length_and_age, endings, leaving
from tests.analytics.test_fits import fit
from tests.factories import Clients, Organisation
from tests.tickets.company import in_role

RETENTION = "/v1/analytics/models/contract-retention"
HAZARD = "/v1/analytics/models/renewal-hazard"
JOBS = "SELECT count(*) FROM jobs WHERE organisation_id = $1 AND kind = $2 AND status = 'queued'"


async def passport(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_sorting_has_a_passport_against_one_constant_rate(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await signed(service_database, organisation, leaving(REGULAR))
    await signed(service_database, organisation, [Contract("short", date(2006, 1, 1), 1, 2)])
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2007-02-15")
    found = await passport(admin, RETENTION)
    assert (found["verdict"], found["is_used"]) == ("use", True), found["sentence"]
    assert "Of the 1000 contracts of 1001" in found["sentence"]
    assert found["data"] == {
        "first_on": "2000-01-01", "until": "2007-02-15", "customers": 1001, "buying_again": None
    }  # fmt: skip
    assert found["settings"]["grace"] == 30
    year, month = (found["figures"]["terms"][name] for name in ("year", "month"))
    assert year["parameters"]["values"]["alpha"] == pytest.approx(0.704, abs=0.5e-3)
    assert (year["contracts"], month["contracts"], month["verdict"]) == (1000, 1, "refused")
    assert [each["n"] for each in year["backtest"]["terms"]] == [5, 6, 7]
    judged = found["judgement"]
    assert judged["n"] == sum(REGULAR[4:7])
    assert judged["brier"] < judged["brier_of_baseline"] == judged["brier_of_base_rate"]
    assert judged["over_baseline"] == pytest.approx(year["backtest"]["gain"], abs=1e-4)
    assert sum(part["n"] for part in found["calibration"]) == judged["n"]
    assert found["drift"] is None
    await fit(service_database, organisation, admin, until="2010-02-15")
    again = await passport(admin, RETENTION)
    old, new = (each["figures"]["parameters"]["year.alpha"] for each in (found, again))
    moved = again["drift"]["parameters"]
    assert moved["year.alpha"] == pytest.approx((new / old - 1) * 100, abs=0.01)
    assert set(moved) == {"year.alpha", "year.beta"}


async def test_hazards_have_a_passport_that_says_what_the_list_says(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await signed(service_database, organisation, by_length_and_age())
    admin, until = client(organisation.admin), "2023-06-01"
    await fit(service_database, organisation, admin, until=until)
    found = await passport(admin, HAZARD)
    listed = await endings(admin, until=until, within="45")
    assert (found["verdict"], found["sentence"]) == (
        listed["model"]["verdict"],
        listed["model"]["sentence"],
    )
    tested = listed["model"]["tested"]
    assert found["judgement"] == tested.pop("judgement")
    assert found["calibration"] == tested.pop("calibration")
    assert found["figures"]["tested"] == tested
    places = {(term, n): hazard for term, n, hazard in found["figures"]["places"]}
    assert listed["data"]
    for each in listed["data"]:
        assert each["hazard"] == pytest.approx(places[each["term"], min(each["n"], 24)], abs=0.5e-4)
    said = dict(found["figures"]["said"])
    assert set(said) <= set(places.values())
    await fit(service_database, organisation, admin, until=until)
    same = (await passport(admin, HAZARD))["drift"]
    assert same["score"] == 0
    assert set(same["parameters"].values()) == {0}


async def test_what_sums_over_all_is_for_those_who_see_all_entitlements(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    await signed(service_database, organisation, leaving(REGULAR))
    await fit(service_database, organisation, client(organisation.admin), until="2007-02-15")
    for user in (organisation.rep, in_role(organisation.rep, "marketer")):
        for path in (RETENTION, HAZARD):
            found = await passport(client(user), path)
            assert found["figures"] is found["judgement"] is found["data"] is None
            assert "it is told to those who see them" in found["sentence"]
            assert found["verdict"] in ("use", "weak", "no_better", "refused")


async def test_without_contracts_they_say_what_it_takes(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    admin = client(organisation.admin)
    await fit(service_database, organisation, admin, until="2026-06-30")
    found = await passport(admin, RETENTION)
    assert (found["verdict"], found["is_used"]) == ("refused", False)
    assert "it takes 100 customers under contract" in found["sentence"]
    found = await passport(admin, HAZARD)
    assert (found["verdict"], found["data"]["customers"]) == ("refused", 0)
    assert "No term was due yet" in found["sentence"]


async def queued(database: Database, organisation: Organisation) -> int:
    await ask_for_fits.duty(database)
    async with database.transaction(organisation.id) as connection:
        found: int = await connection.fetchval(JOBS, organisation.id, KIND)
    return found


async def test_the_worker_fits_when_terms_were_told_of_and_when_they_came_to_be_due(
    organisation: Organisation, client: Clients, service_database: Database
) -> None:
    today = datetime.now(UTC).date()
    ends = today - timedelta(days=32)  # due two days ago, with the grace
    began = date(ends.year - 1, ends.month, min(ends.day, 28))
    await signed(service_database, organisation, [Contract("one", began, 12, 1)])
    assert await queued(service_database, organisation) == 1

    async def fitted(at: datetime) -> None:
        async with service_database.transaction(organisation.id) as connection:
            await connection.execute("DELETE FROM jobs WHERE organisation_id = $1", organisation.id)
            await connection.execute(
                "UPDATE fitted_models SET fitted_at = $2 WHERE organisation_id = $1", organisation.id, at
            )  # fmt: skip

    async with service_database.transaction(organisation.id) as connection:
        await connection.execute("DELETE FROM jobs WHERE organisation_id = $1", organisation.id)
    await fit(service_database, organisation, client(organisation.admin))
    now = datetime.now(UTC)
    for ago, jobs in ((0.5, 0), (1.5, 0), (12, 1)):  # days: within twenty hours, nothing new, due
        await fitted(now - timedelta(days=ago))
        assert await queued(service_database, organisation) == jobs, ago
