"""What campaigns brought: of those that the caller sees, with the orders that the caller sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

from guanxi_analytics.campaigns import figure_rules, statements
from guanxi_analytics.campaigns.asked import CampaignsAsked
from guanxi_analytics.campaigns.figure_rules import Arm
from guanxi_analytics.promotion.effect_rules import Group
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import NotFound
from guanxi_shared.statements import Compiled, Shapes

SHAPES: Final = Shapes()
GROUPS: Final = ("treated", "held_out")
WATERMARK: Final = """
SELECT coalesce(jsonb_object_agg(consumer, position), '{}')::text FROM feed_cursors
WHERE consumer IN ('contacts', 'pipeline') AND $2::uuid IS NOT NULL
"""
NO_LOOPS: Final = "SET LOCAL enable_nestloop = off"
# The connection is bound already; $1 is unused by the text and keeps the numbering shared.
BESIDE: Final = "SELECT found.* FROM (SELECT $1::text) AS unused, LATERAL ({}) AS found"
SOME: Final = " Only the orders that you see are counted."


@dataclass(frozen=True, slots=True)
class Seen:
    """A campaign, its groups, what it cost, and the days on which orders count."""

    row: Mapping[str, Any]
    arms: Mapping[str, Arm]
    costs: Sequence[Any]
    first: date
    until: date

    @property
    def id(self) -> UUID:
        found: UUID = self.row["id"]
        return found


async def list_campaign_results(call: Call, asked: CampaignsAsked) -> dict[str, Any]:
    seen, following = await _read(call, asked)
    return {
        "data": [_shown(call, asked, each) for each in seen],
        "page": {"next_cursor": following, "has_more": following is not None, "total": None},
    } | await _told(call, asked)  # fmt: skip


async def read_effect(call: Call, asked: CampaignsAsked) -> dict[str, Any]:
    """NotFound of a campaign that the caller does not see."""
    seen, _ = await _read(call, asked)
    if not seen:
        raise NotFound(f"There is no campaign with the id {str(asked.campaign)!r}.")
    arms = seen[0].arms
    uplifts = figure_rules.uplifts(arms["treated"], arms["held_out"])
    return _shown(call, asked, seen[0]) | uplifts | await _told(call, asked)


async def _told(call: Call, asked: CampaignsAsked) -> dict[str, Any]:
    mark = await call.db.pool.fetchval(bound(WATERMARK), str(call.organisation), call.organisation)
    return {"as_of": asked.as_of or datetime.now(UTC), "watermark": orjson.loads(mark)}


async def _read(call: Call, asked: CampaignsAsked) -> tuple[list[Seen], str | None]:
    call.by.demand("campaigns:read")
    call.by.demand("orders:read")
    scope, is_past = await call.scope("campaigns"), asked.as_of is not None
    is_one, is_later = asked.campaign is not None, asked.after is not None
    compiled = SHAPES.get(
        ("campaigns", scope.shape, is_past, is_one, is_later),
        lambda: statements.campaigns(scope, is_past=is_past, is_one=is_one, is_later=is_later),
    )
    own = {"campaign": asked.campaign, "after": asked.after, "most": asked.limit + 1, **scope.params()}  # fmt: skip
    rows = await _fetch(call, asked, compiled, own)
    following = str(rows[asked.limit - 1]["id"]) if len(rows) > asked.limit else None
    return await _figures(call, asked, rows[: asked.limit]), following


async def _figures(call: Call, asked: CampaignsAsked, rows: Sequence[Any]) -> list[Seen]:
    ids, is_past = [row["id"] for row in rows], asked.as_of is not None
    members = SHAPES.get(("members", is_past), lambda: statements.members(is_past=is_past))
    costs = SHAPES.get(("costs", is_past), lambda: statements.costs(is_past=is_past))
    groups = {
        (row["campaign_id"], row["member_group"]): row
        for row in await _fetch(call, asked, members, {"ids": ids})
    }
    paid: dict[UUID, list[Any]] = {}
    for row in await _fetch(call, asked, costs, {"ids": ids}):
        paid.setdefault(row["campaign_id"], []).append((row["cost"], row["currency"]))
    firsts = [_first_day(call, row, groups.get((row["id"], "treated"))) for row in rows]
    untils = [first + timedelta(days=asked.window_days) for first in firsts]
    orders = await _orders(call, asked, ids, firsts, untils)
    return [
        Seen(
            row, {name: _arm(groups.get((row["id"], name)), orders.get((row["id"], name), [])) for name in GROUPS},
            paid.get(row["id"], []), first, until,
        )
        for row, first, until in zip(rows, firsts, untils, strict=True)
    ]  # fmt: skip


def _first_day(call: Call, row: Any, treated: Any) -> date:
    """The day it begins on; if it does not say, the first on which anything was sent."""
    if row["starts_on"] is None and treated is not None and treated["first_sent_at"] is not None:
        sent: datetime = treated["first_sent_at"]
        return sent.astimezone(call.clock.zone).date()
    found: date = row["valid_on"]
    return found


async def _orders(
    call: Call, asked: CampaignsAsked, ids: Sequence[UUID], firsts: Sequence[date], untils: Sequence[date]
) -> dict[tuple[UUID, str], list[Any]]:  # fmt: skip
    scope, is_past = await call.scope("orders"), asked.as_of is not None
    bought = SHAPES.get(
        ("bought", scope.shape, is_past), lambda: statements.bought(scope, is_past=is_past)
    )
    if not ids:
        return {}
    values = {
        "organisation": call.organisation, "as_of": asked.as_of, "ids": ids, "firsts": firsts, "untils": untils,
        "least": min(firsts), "most": max(untils), **scope.params(),
    }  # fmt: skip
    async with call.db.transaction(call.organisation) as connection:
        await connection.execute(NO_LOOPS)
        rows = await connection.fetch(BESIDE.format(bought.sql), "", *bought.args(values))
    found: dict[tuple[UUID, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row["campaign_id"], row["member_group"]), []).append(row)
    return found


def _arm(row: Any, orders: Sequence[Any]) -> Arm:
    if row is None:
        return Arm()
    money = {each["currency"]: (each["amount"], each["squares"]) for each in orders if not each["is_all"]}  # fmt: skip
    whole = next((each for each in orders if each["is_all"]), None)
    buyers, count = (0, 0) if whole is None else (whole["buyers"], int(whole["orders"]))
    bought = Group(row["n"], buyers, count, money)
    return Arm(row["n"], row["sent"], row["responded"], row["is_by_lot"], bought)


def _shown(call: Call, asked: CampaignsAsked, seen: Seen) -> dict[str, Any]:
    treated, held_out = (seen.arms[name] for name in GROUPS)
    kind, sentence = figure_rules.kind_of(treated, held_out)
    if call.by.sees("orders") != "all":
        sentence += SOME
    return {
        "campaign_id": str(seen.id), **{n: seen.row[n] for n in ("name", "campaign_kind", "channel", "status")},
        "kind": kind, "sentence": sentence, "period": {"from": seen.first, "until": seen.until},
        "is_over": seen.until <= call.clock.today,
        "treated": figure_rules.shown_arm(treated) | {"records": _records(asked, seen, "treated")},
        "held_out": figure_rules.shown_arm(held_out) | {"records": _records(asked, seen, "held_out")} if held_out.n else None,
        "costs": figure_rules.shown_costs(treated, held_out, seen.costs),
        "cost_records": _document(asked, "campaign_costs", [("campaign_id", str(seen.id))]),
    }  # fmt: skip


def _records(asked: CampaignsAsked, seen: Seen, group: str) -> dict[str, Any]:
    """What lists the members, those who responded, and the orders behind the figures."""
    own = [("campaign_id", str(seen.id)), ("member_group", group)]
    period = {"from": seen.first, "until": seen.until}
    orders = [(f"{group}_in_campaign_id", str(seen.id)), ("kind", "bought")]
    return {
        "members": _document(asked, "campaign_members", own),
        "responses": _document(asked, "campaign_members", [*own, ("status", "responded")]),
        "orders": _document(asked, "sales", orders, period=period),
    }


def _document(asked: CampaignsAsked, cube: str, equal: Sequence[tuple[str, str]], **more: Any) -> dict[str, Any]:  # fmt: skip
    filters = [{"field": name, "operator": "eq", "value": value} for name, value in equal]
    body: dict[str, Any] = {"filter_groups": [{"filters": filters}], **more}
    if asked.as_of is not None:
        body["as_of"] = asked.as_of
    return {"path": f"/v1/analytics/facts/{cube}/search", "body": body}


async def _fetch(
    call: Call, asked: CampaignsAsked, compiled: Compiled, own: Mapping[str, Any]
) -> list[Any]:
    values = {"organisation": call.organisation, "as_of": asked.as_of, **own}
    found: list[Any] = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(values)
    )
    return found
