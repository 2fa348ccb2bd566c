"""The statements of a forecast: the sums of its deals, of now or of a kept day, and what stands beside
them. Each is one statement at any size; all go through the visibility predicate."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    func,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_pipeline import models
from guanxi_pipeline.forecasts.asked import Asked
from guanxi_pipeline.forecasts.past import Past
from guanxi_pipeline.forecasts.portions import SCALES, TEAM, deals, portions
from guanxi_pipeline.quotas.resources import QUOTA
from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES = Shapes()
FIGURE = models.ForecastFigure.metadata.tables["forecast_figures"]
Row = dict[str, Any]
KEYS: Mapping[str, str] = {
    "person": "d.person_id", "team": "d.team", "pipeline": "d.pipeline_id", "product": "d.product_id",
}  # fmt: skip
TYPES: Mapping[str, Any] = {
    "organisation": Uuid, "pipeline_id": Uuid, "owner_id": Uuid, "wanted_team": Uuid, "product_id": Uuid,
    "day": Date, "from_on": Date, "until_on": Date, "scales": Text, "keys": ARRAY(Uuid),
    "firsts": ARRAY(Date), "afters": ARRAY(Date), "points": ARRAY(Date), "reaches": ARRAY(Integer),
    "before": Date,
}  # fmt: skip

# Those who are asked for, and whose deals come into question twice count once: `first_of_key`.
FOUND = """
SELECT {key} AS key, d.currency, d.category, d.amount, d.probability, {firsts}
FROM (SELECT d.*, {team} AS team FROM ({portions}) AS d {users}) AS d WHERE {wanted}
"""
USERS = "LEFT JOIN directory_users u ON u.organisation_id = cast(:organisation AS uuid) AND u.id = d.person_id"
FIRSTS = """
row_number() OVER (PARTITION BY d.id) = 1 AS first_of_all, row_number() OVER (PARTITION BY d.id, {key}) = 1 AS first_of_key
"""
ALWAYS_FIRST = "true AS first_of_all, true AS first_of_key"
UNDER = """
{team} IN (WITH RECURSIVE under AS (
    SELECT cast(:wanted_team AS uuid) AS id UNION
    SELECT t.id FROM directory_teams t JOIN under ON t.parent_id = under.id
    WHERE t.organisation_id = cast(:organisation AS uuid))
  SELECT id FROM under)
"""
SUMS = """
(SELECT key, currency, category, count(*) FILTER (WHERE first_of_key) AS count,
  count(*) FILTER (WHERE first_of_all) AS deals, count(*) FILTER (WHERE first_of_key AND amount IS NULL) AS bare,
  sum(amount) AS amount, sum(amount * probability / 100) AS weighted
FROM ({found}) AS found GROUP BY key, currency, category) AS sums
"""
SHOWN = "key, currency, category, count, deals, bare, amount, weighted"


async def present_sums(call: Call, asked: Asked, scope: Scope) -> list[Row]:
    """A row for each group, currency and category (closed, commit, best_case, pipeline)."""
    key = (
        "present", asked.by, asked.owner_id is None, asked.team_id is None, asked.product_id is None,
        asked.needs_products, scope.shape,
    )  # fmt: skip
    compiled = SHAPES.get(key, lambda: _present(asked, scope))
    values = bounds(call, asked) | {
        "organisation": call.organisation, "pipeline_id": asked.pipeline_id,
        "owner_id": asked.owner_id, "wanted_team": asked.team_id, "product_id": asked.product_id,
        "scales": SCALES, **scope.params(),
    }  # fmt: skip
    return await fetch(call, compiled, values)


def bounds(call: Call, asked: Asked) -> dict[str, Any]:
    """The period as days, and as instants by the organisation's midnight."""
    first, after = asked.period.starts_on, asked.period.ends_on
    midnight = call.clock.midnight
    return {
        "from_on": first, "until_on": after, "from_at": midnight(first), "until_at": midnight(after),
        "zone": call.by.time_zone,
    }  # fmt: skip


async def fetch(call: Call, compiled: Any, values: Mapping[str, Any]) -> list[Row]:
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return [dict(row) for row in rows]


def _present(asked: Asked, scope: Scope) -> Select[Any]:
    products = asked.needs_products
    found = [
        _found(asked, is_split=is_split, products=products) for is_split in (False, True)
    ]  # fmt: skip
    tables = [
        deals(scope, is_split=is_split, lines=products, months=False) for is_split in (False, True)
    ]
    return with_tables(SHOWN, SUMS.format(found=" UNION ALL ".join(found)), tables)


def _found(asked: Asked, *, is_split: bool, products: bool) -> str:
    key = KEYS[asked.by]
    needs_team = asked.by == "team" or asked.team_id is not None
    wanted = ["true"]
    if asked.owner_id is not None:
        wanted.append("d.person_id = cast(:owner_id AS uuid)")
    if asked.team_id is not None:
        wanted.append(UNDER.format(team="d.team"))
    if asked.product_id is not None:
        wanted.append("d.product_id = cast(:product_id AS uuid)")
    return FOUND.format(
        key=key, team=TEAM if needs_team else "NULL::uuid", users=USERS if needs_team else "",
        firsts=FIRSTS.format(key=key) if is_split or products else ALWAYS_FIRST,
        portions=portions(is_split=is_split, products=products), wanted=" AND ".join(wanted),
    )  # fmt: skip


def with_tables(columns: str, source: str, tables: Sequence[CTE]) -> Select[Any]:
    """A text over common table expressions that SQLAlchemy writes; the parameters of the text are those
    of TYPES that it names."""
    written = text(source)
    names = [name for name in written._bindparams if name in TYPES]
    typed = written.bindparams(*(bindparam(name, type_=TYPES[name]) for name in names))
    found: Select[Any] = select(literal_column(columns)).select_from(typed)
    return found.add_cte(*tables)


async def kept_sums(call: Call, asked: Asked, scope: Scope) -> list[Row]:
    """The same of a kept day, by today's rights: whose deals they were then, seen by whom now."""
    key = (
        "kept", asked.by, asked.owner_id is None, asked.team_id is None, asked.pipeline_id is None,
        scope.shape,
    )  # fmt: skip
    compiled = SHAPES.get(key, lambda: _kept(asked, scope))
    values = {
        "organisation": call.organisation, "day": asked.day, "from_on": asked.period.starts_on,
        "until_on": asked.period.ends_on, "pipeline_id": asked.pipeline_id, "owner_id": asked.owner_id,
        "wanted_team": asked.team_id, **scope.params(),
    }  # fmt: skip
    return await fetch(call, compiled, values)


KEPT = """
(SELECT {key} AS key, d.currency, d.category, sum(d.{counted})::bigint AS count, sum(d.{in_all})::bigint AS deals,
  sum(d.bare)::bigint AS bare, sum(d.amount) AS amount, sum(d.weighted) AS weighted
FROM kept AS d WHERE {wanted} GROUP BY 1, 2, 3) AS sums
"""


def _kept(asked: Asked, scope: Scope) -> Select[Any]:
    seen = select(*FIGURE.c, FIGURE.c.person_team_id.label("team")).where(
        selects.of_organisation(FIGURE), predicate(FIGURE, scope),
        FIGURE.c.day == bindparam("day", type_=Date),
        FIGURE.c.month >= bindparam("from_on", type_=Date),
        FIGURE.c.month < bindparam("until_on", type_=Date),
    )  # fmt: skip
    is_of_people = asked.by == "person" or asked.owner_id is not None
    counted = "count" if is_of_people else "team_deals" if asked.by == "team" else "deals"
    # Who or which team is asked for may not be the one with whom the deal was counted.
    in_all = "count" if asked.owner_id else "team_deals" if asked.team_id else "deals"
    source = KEPT.format(
        key=KEYS[asked.by], counted=counted, in_all=in_all, wanted=wanted_of(asked)
    )
    return with_tables(SHOWN, source, [seen.cte("kept")])


def wanted_of(asked: Asked) -> str:
    """What is asked for of kept figures."""
    wanted = ["true"]
    if asked.owner_id is not None:
        wanted.append("d.person_id = cast(:owner_id AS uuid)")
    if asked.pipeline_id is not None:
        wanted.append("d.pipeline_id = cast(:pipeline_id AS uuid)")
    if asked.team_id is not None:
        wanted.append(UNDER.format(team="d.team"))
    return " AND ".join(wanted)


BESIDE = """
(SELECT
  (SELECT s.currency FROM directory_state s WHERE s.organisation_id = cast(:organisation AS uuid)) AS currency,
  (SELECT jsonb_agg(to_jsonb(q)) FROM (SELECT q.*, {under} AS is_under FROM seen_quotas AS q) AS q)::text AS quotas,
  (SELECT jsonb_object_agg(n.id, n.name) FROM (
    SELECT u.id, u.name FROM directory_users u
    WHERE u.organisation_id = cast(:organisation AS uuid) AND u.id = ANY(cast(:keys AS uuid[]))
    UNION ALL SELECT t.id, t.name FROM directory_teams t
    WHERE t.organisation_id = cast(:organisation AS uuid) AND t.id = ANY(cast(:keys AS uuid[]))) AS n)::text AS names,
  {past} AS past) AS beside
"""


async def beside(
    call: Call, asked: Asked, keys: Sequence[UUID], quota_scope: Scope, past: Past
) -> dict[str, Any]:
    """The organisation's currency, the quotas that the caller sees, names of groups, and what was
    forecast and came of finished periods: one statement."""
    shape = (
        "beside", quota_scope.shape, past.scope.shape, asked.owner_id is None, asked.team_id is None,
        asked.pipeline_id is None, past.is_wanted,
    )  # fmt: skip
    compiled = SHAPES.get(shape, lambda: _beside(asked, quota_scope, past))
    values = {
        "organisation": call.organisation, "keys": list(keys), "from_on": asked.period.starts_on,
        "until_on": asked.period.ends_on, "owner_id": asked.owner_id, "wanted_team": asked.team_id,
        "pipeline_id": asked.pipeline_id, **past.values(),
        **{f"quota_{name}": value for name, value in quota_scope.params().items()},
    }  # fmt: skip
    row = (await fetch(call, compiled, values))[0]
    return {
        "currency": row["currency"] or "CNY",
        **{name: orjson.loads(row[name] or "null") for name in ("quotas", "names", "past")},
    }


def _beside(asked: Asked, quota_scope: Scope, past: Past) -> Select[Any]:
    wanted = ("owner_id", "team_id", "period", "starts_on", "pipeline_id", "product_id")
    amount = func.trim_scale(QUOTA.c.amount_amount).cast(Text).label("amount")
    seen = select(
        *(QUOTA.c[name] for name in wanted), amount, QUOTA.c.amount_currency.label("currency")
    ).where(
        selects.of_organisation(QUOTA), QUOTA.c.deleted_at.is_(None),
        predicate(QUOTA, quota_scope, prefix="quota"),
        QUOTA.c.starts_on >= bindparam("from_on", type_=Date),
        QUOTA.c.starts_on < bindparam("until_on", type_=Date),
    )  # fmt: skip
    under = "true" if asked.team_id is None else UNDER.format(team="q.team_id")
    tables = [seen.cte("seen_quotas"), *past.tables()]
    return with_tables("*", BESIDE.format(under=under, past=past.source(wanted_of(asked))), tables)
