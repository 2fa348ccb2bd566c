"""Scores from the summaries: held against the pure functions of the same name, and made anew whatever comes when."""

import asyncio
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from guanxi_analytics.facts.writing import write_facts
from guanxi_analytics.modelling.recency_frequency_money import abc_classes, rfm_scores
from guanxi_analytics.scores.scoring import SCORED, score_customers
from guanxi_shared.db import Database
from tests.analytics.test_fits import Purchase, cdnow, customer, heard, named, told
from tests.factories import Organisation

AT = "2026-01-01T00:00:00+00:00"
SUMMARIES = "SELECT * FROM customer_summaries WHERE organisation_id = $1 ORDER BY customer_id"
SCORES = "SELECT * FROM customer_scores WHERE organisation_id = $1 ORDER BY customer_id"


async def rows_of(database: Database, organisation: Organisation, sql: str) -> list[dict[str, Any]]:
    async with database.transaction(organisation.id) as connection:
        return [dict(row) for row in await connection.fetch(sql, organisation.id)]


async def test_fifths_and_grades_are_those_of_the_pure_functions(
    organisation: Organisation, service_database: Database
) -> None:
    purchases: list[Purchase] = [each for each in cdnow() if int(each[0]) % 4 == 0]
    await heard(service_database, organisation, purchases)
    await score_customers.duty(service_database)
    summaries = await rows_of(service_database, organisation, SUMMARIES)
    scores = await rows_of(service_database, organisation, SCORES)
    assert [each["customer_id"] for each in scores] == [each["customer_id"] for each in summaries]
    keys = np.array([str(each["customer_id"]) for each in summaries])
    until = max(each["last_on"] for each in summaries)
    amounts = np.array([float(each["amount"]) for each in summaries])
    pure = rfm_scores(
        [(until - each["last_on"]).days for each in summaries], [each["days"] for each in summaries],
        amounts, keys,
    )  # fmt: skip
    for name, own in (
        ("recency", pure.recency),
        ("frequency", pure.frequency),
        ("monetary", pure.money),
    ):
        assert [each[name] for each in scores] == own.tolist(), name
    assert [each["grade"] for each in scores] == abc_classes(amounts, keys).tolist()


async def test_a_change_that_was_not_yet_seen_is_scored_later(
    organisation: Organisation, service_database: Database
) -> None:
    """What is written before the scoring and committed after it."""
    await heard(service_database, organisation, cdnow()[:60])
    [(name, *_), *_] = cdnow()
    lately = told(organisation, [(name, date(2026, 1, 1), Decimal(1_000_000))], "USD", AT)
    async with service_database.transaction(organisation.id) as connection:
        await write_facts(connection, organisation.id, "pipeline", list(lately))
        scoring = asyncio.create_task(score_customers.duty(service_database))
        await asyncio.sleep(0.3)
    await scoring
    await score_customers.duty(service_database)
    again = await rows_of(service_database, organisation, SCORES)
    [own] = [each for each in again if each["customer_id"] == customer(organisation, name)]
    assert (own["recency"], own["monetary"], own["grade"]) == (5, 5, "A")


async def test_customers_are_scored_again_only_when_their_sums_changed(
    organisation: Organisation, service_database: Database
) -> None:
    async def scored_at() -> set[datetime]:
        await score_customers.duty(service_database)
        return {each["scored_at"] for each in await rows_of(service_database, organisation, SCORES)}

    await heard(service_database, organisation, cdnow()[:60])
    [first] = await scored_at()
    await named(service_database, organisation, "00004")
    assert await scored_at() == {first}
    await heard(service_database, organisation, cdnow()[60:61])
    [second] = await scored_at()
    assert second > first


async def test_who_bought_nothing_any_more_has_no_scores(
    organisation: Organisation, service_database: Database
) -> None:
    purchases = cdnow()[:60]
    await heard(service_database, organisation, purchases)
    await score_customers.duty(service_database)
    async with service_database.transaction(organisation.id) as connection:
        orders = await connection.fetch(
            "SELECT DISTINCT subject_id FROM sale_facts WHERE organisation_id = $1", organisation.id
        )
        gone = [
            {
                "organisation_id": str(organisation.id), "type": "pipeline.order.deleted", "subject_type": "order",
                "subject_id": str(row["subject_id"]), "version": 2, "before": None, "after": {},
                "occurred_at": "2026-01-02T00:00:00+00:00",
            }
            for row in orders
        ]  # fmt: skip
        await write_facts(connection, organisation.id, "pipeline", gone)
    assert await rows_of(service_database, organisation, SUMMARIES) == []
    assert await rows_of(service_database, organisation, SCORES) == []


async def test_customers_are_not_summed_anew_for_each_of_them(
    organisation: Organisation, service_database: Database
) -> None:
    """However little Postgres knows of the table: a join with what everybody spent was worked out once a customer."""
    async with service_database.transaction(organisation.id) as connection:
        asked = SCORED.replace("$1", f"'{organisation.id}'::uuid").replace("$2", "'CNY'")
        plan = [row[0] for row in await connection.fetch(f"EXPLAIN {asked}")]
    assert plan
    assert not [line for line in plan if "Nested Loop" in line or "Join" in line], "\n".join(plan)
