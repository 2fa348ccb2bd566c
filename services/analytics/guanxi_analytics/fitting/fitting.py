"""The job that fits: reads purchase days, learns beside, keeps what came of it."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from multiprocessing.connection import Connection as Pipe
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from guanxi_analytics.contracts.renewal_rules import GRACE
from guanxi_analytics.fitting.beside import read_all
from guanxi_analytics.fitting.contract_terms import read_contracts
from guanxi_analytics.fitting.kept_products import keep_products, read_products
from guanxi_analytics.value_matrix.placing import place, present_values
from guanxi_shared.db import Connection, Database
from guanxi_shared.identifiers import new_id
from guanxi_shared.jobs import create_job, to_json
from guanxi_shared.learners import Learner, learner
from guanxi_shared.rounds import go_round
from guanxi_shared.running_jobs import RunningJob
from guanxi_shared.schedules import schedule

KIND: Final = "fit-models"
NAME: Final = "repeat-purchases"
VERSION: Final = 2  # of the code: raise it when a fit would come out otherwise
DISCOUNT: Final = 0.1
PAGE: Final = 10_000
NOTHING: Final = Decimal(0)
ZONE: Final = "SELECT time_zone FROM directory_state WHERE organisation_id = $1"
CURRENCIES: Final = """
SELECT currency, sum(amount) FILTER (WHERE is_costed) AS amount, sum(cost) FILTER (WHERE is_costed) AS cost
FROM customer_summaries WHERE organisation_id = $1 GROUP BY currency ORDER BY currency
"""
DAYS: Final = """
SELECT customer_id, valid_on, sum(amount)::float8 AS amount, currency FROM sale_facts
WHERE organisation_id = $1 AND kind = 'bought' AND ended_at IS NULL AND customer_id IS NOT NULL AND valid_on <= $2
GROUP BY customer_id, valid_on, currency ORDER BY customer_id, valid_on, currency
"""
WATERMARK: Final = """
SELECT coalesce(jsonb_object_agg(consumer, position), '{}')::text FROM feed_cursors WHERE consumer <> 'directory'
"""
KEEP: Final = """
INSERT INTO fitted_models (organisation_id, id, name, verdict, sentence, is_used, first_on, until, customers,
  buying_again, found, settings, watermark)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::text::jsonb, $12::text::jsonb, $13::text::jsonb)
"""
FORGET: Final = "DELETE FROM customer_outlooks WHERE organisation_id = $1"
OUTLOOKS: Final = """
INSERT INTO customer_outlooks (organisation_id, model_id, customer_id, currency, repeats, first_on, last_on, alive,
  purchases, present, value, value_low, value_high, value_if_back)
SELECT $1, $2, r.customer_id, r.currency, r.repeats, r.first_on, r.last_on, r.alive, r.purchases, r.present,
  round(r.value::numeric, 2), round(r.low::numeric, 2), round(r.high::numeric, 2), round(r.back::numeric, 2)
FROM unnest($3::uuid[], $4::text[], $5::bigint[], $6::date[], $7::date[], $8::float8[], $9::float8[], $10::float8[],
  $11::float8[], $12::float8[], $13::float8[], $14::numeric[])
  AS r (customer_id, currency, repeats, first_on, last_on, alive, purchases, value, low, high, back, present)
"""
# What customers were thought to be at the fit before: of so many the distribution tells whether it moved.
SCORED: Final = """
SELECT alive FROM customer_outlooks WHERE organisation_id = $1 ORDER BY customer_id LIMIT 10000
"""
# Not while many purchases come in (a first load): an hour is as long as that is waited for. Contracts are due for a fit when
# terms were told of, and when terms came to be due by themselves.
# From left to right: the summaries, which have no index by time, are looked through last.
DUE: Final = """
SELECT NOT EXISTS (SELECT FROM fitted_models f
    WHERE f.organisation_id = $1 AND f.fitted_at > clock_timestamp() - interval '20 hours')
  AND NOT EXISTS (SELECT FROM jobs j WHERE j.organisation_id = $1 AND j.kind = $2 AND j.status IN ('queued', 'running'))
  AND (EXISTS (SELECT FROM contract_facts t, LATERAL (SELECT coalesce(max(f.fitted_at), '-infinity') AS at
      FROM fitted_models f WHERE f.organisation_id = $1) AS l
    WHERE t.organisation_id = $1 AND t.ended_at IS NULL AND t.recorded_at < clock_timestamp() - interval '2 minutes'
      AND (t.recorded_at > l.at OR (t.valid_until + $3::int >= l.at::date AND t.valid_until + $3::int < current_date)))
  OR EXISTS (SELECT FROM customer_summaries c WHERE c.organisation_id = $1 AND c.updated_at > coalesce(
    (SELECT max(f.fitted_at) FROM fitted_models f WHERE f.organisation_id = $1), '-infinity')
    HAVING max(c.updated_at) < clock_timestamp() - interval '2 minutes'
      OR min(c.updated_at) < clock_timestamp() - interval '1 hour'))
"""


async def fit_models(job: RunningJob) -> None:
    """How often customers buy is learnt of all of them, what they spend in each currency by itself. What was fitted
    before stays, as a row of its own."""
    async with job.transaction() as connection:
        zone = await connection.fetchval(ZONE, job.organisation_id)
        rows = await connection.fetch(CURRENCIES, job.organisation_id)
        scored = [row["alive"] for row in await connection.fetch(SCORED, job.organisation_id)]
    margins = {row["currency"]: _margin(dict(row)) for row in rows}
    said = job.params.get("until")
    today = datetime.now(UTC).astimezone(ZoneInfo(zone or "UTC")).date()
    until = today if said is None else date.fromisoformat(said)
    asked: dict[str, Any] = {
        "until": until.toordinal(),
        "discount": DISCOUNT,
        "margins": margins,
        "before": scored,
    }
    async with job.transaction() as connection:
        asked["others"] = await read_all(connection, job.organisation_id, until, zone or "UTC")
        asked["others"]["products"] = await read_products(
            connection, job.organisation_id, until, job.params
        )
        asked["others"]["contracts"] = await read_contracts(connection, job.organisation_id, until)
    async with learner(learn_beside) as beside:
        await beside.ask(asked)
        async with job.transaction() as connection:
            mark = await connection.fetchval(WATERMARK)
            await _tell_days(connection, beside, job.organisation_id, until)
        learnt = await beside.answer()
    settings = {"code_version": VERSION, "discount": DISCOUNT, "margins": margins}
    async with job.transaction() as connection:
        await _keep(connection, job.organisation_id, until, learnt, settings, mark)
        for name, each in learnt["others"].items():
            await _keep_other(connection, job.organisation_id, name, until, each, mark)
        await job.save(connection, done=1, total=1, result={"url": f"/v1/analytics/models/{NAME}"})


async def _tell_days(
    connection: Connection, beside: Learner, organisation: UUID, until: date
) -> None:
    page: list[Any] = []
    async for row in connection.cursor(DAYS, organisation, until, prefetch=PAGE):
        id, on = row["customer_id"].bytes, row["valid_on"].toordinal()
        page.append((id, on, row["amount"], row["currency"]))
        if len(page) == PAGE:
            await beside.tell(page)
            page = []
    await beside.tell(page)


def learn_beside(pipe: Pipe) -> None:
    """Imported there, so that the worker never loads what learning takes."""
    from guanxi_analytics.fitting.learning import serve

    serve(pipe)


def _margin(row: Mapping[str, Any]) -> float | None:
    """The share of revenue that stays, of customers whose every cost is known; None where that says nothing, and
    values are revenue."""
    if not row["amount"] or row["amount"] <= 0:
        return None
    share = float(1 - row["cost"] / row["amount"])
    return round(share, 4) if 0 < share <= 1 else None


async def _keep(
    connection: Connection, organisation: UUID, until: date, learnt: dict[str, Any],
    settings: dict[str, Any], watermark: str,
) -> None:  # fmt: skip
    id, outlooks = new_id(), learnt["outlooks"]
    first = None if learnt["first"] is None else date.fromordinal(learnt["first"])
    if "horizon" in learnt:
        settings = settings | {"horizon_weeks": learnt["horizon"]}
    await connection.execute(
        KEEP, organisation, id, NAME, learnt["verdict"], learnt["sentence"], bool(outlooks), first, until,
        learnt["customers"], learnt["buying_again"], to_json(learnt["found"]), to_json(settings), watermark,
    )  # fmt: skip
    await connection.execute(FORGET, organisation)
    present = await present_values(connection, organisation, until)
    for begin in range(0, len(outlooks), PAGE):
        columns = [list(column) for column in zip(*outlooks[begin : begin + PAGE], strict=True)]
        columns[0] = [UUID(bytes=each) for each in columns[0]]
        columns[3:5] = [[date.fromordinal(each) for each in column] for column in columns[3:5]]
        own = [present.get(key, NOTHING) for key in zip(columns[0], columns[1], strict=True)]
        await connection.execute(OUTLOOKS, organisation, id, *columns, own)
    for currency in learnt["found"].get("spending", ()):
        await place(connection, organisation, currency, id)


async def _keep_other(
    connection: Connection, organisation: UUID, name: str, until: date, learnt: dict[str, Any],
    watermark: str,
) -> None:  # fmt: skip
    is_used, id = learnt["verdict"] in ("use", "weak"), new_id()
    first = None if learnt.get("first") is None else date.fromordinal(learnt["first"])
    settings = {"code_version": VERSION} | learnt.get("settings", {})
    await connection.execute(
        KEEP, organisation, id, name, learnt["verdict"], learnt["sentence"], is_used, first, until, learnt["n"], 0,
        to_json(learnt["found"]), to_json(settings), watermark,
    )  # fmt: skip
    if "rules" in learnt:
        await keep_products(connection, organisation, id, learnt)


@schedule("*/5 * * * *", name="fit-models")
async def ask_for_fits(database: Database) -> None:
    """Once a day of organisations whose purchases changed since."""
    await go_round(database, partial(_ask, database), what="asking for fits")


async def _ask(database: Database, organisation: UUID) -> None:
    async with database.transaction(organisation) as connection:
        if await connection.fetchval(DUE, organisation, KIND, GRACE):
            await create_job(connection, organisation, kind=KIND, params={}, created_by=None)
