"""Deals that are loaded stand as the service would have put them."""

from collections import Counter

import asyncpg

from guanxi_pipeline.pipelines.schemas import PipelineCreate
from tests.bench.deal_stock import STAGES, deal, pipeline, place_of
from tests.bench.loading import load_deals, superuser
from tests.bench.stock import DEALS
from tests.bench.test_arithmetic import organisation_of
from tests.prepared import Clone

PIPELINE = """
INSERT INTO pipelines (organisation_id, id, name) VALUES ($1, $2::text::uuid, 'Bench')
"""
STAGE = """
INSERT INTO stages (organisation_id, id, pipeline_id, position, name, kind, probability, forecast_category)
VALUES ($1, $2::text::uuid, $3::text::uuid, $4, $5, $6, $7, 'pipeline')
"""
COUNT = 300


def test_the_service_takes_the_pipeline_and_shares_are_kept() -> None:
    PipelineCreate.model_validate(pipeline())
    found = Counter(place_of(number) for number in range(1_000))
    assert [found[place] for place in range(len(STAGES))] == [stage[3] * 10 for stage in STAGES]


async def test_deals_are_loaded_whole(own_database: Clone) -> None:
    organisation, url = organisation_of(mates=4), own_database.admin_url
    made = pipeline()
    async with superuser(url, DEALS) as connection:
        await _put(connection, organisation.id, made)
        await load_deals(url, organisation, COUNT)
        rows = await connection.fetch("SELECT * FROM opportunities")
        assert len(rows) == COUNT
        assert all(row["as_shown"] for row in rows)
        assert {row["stage_id"] for row in rows} == {deal(n)["stage_id"] for n in range(COUNT)}
        assert await connection.fetchval("SELECT count(*) FROM opportunities_search") == COUNT


async def _put(connection: asyncpg.Connection, organisation_id: object, made: dict) -> None:  # type: ignore[type-arg]
    await connection.execute(PIPELINE, organisation_id, made["id"])
    for place, stage in enumerate(made["stages"]):
        await connection.execute(
            STAGE, organisation_id, stage["id"], made["id"], place, stage["name"], stage["kind"],
            stage["probability"],
        )  # fmt: skip
