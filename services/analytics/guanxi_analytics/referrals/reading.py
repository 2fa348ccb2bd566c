"""How many new accounts came by others, and who brought most: of the accounts and orders that the caller sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from guanxi_analytics.cohorts.cohort_rules import LEAST, told
from guanxi_analytics.queries.figure_rules import money_of
from guanxi_analytics.queries.names import account_names
from guanxi_analytics.referrals.chain_rules import Came, Sums, came_by
from guanxi_analytics.referrals.statements import ORDERS, referrals
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes

SHAPES: Final = Shapes()
SEARCH: Final = "/v1/analytics/facts/accounts/search"
SENTENCE: Final = (
    f"New accounts are those made in the period; a share takes {LEAST} of them. Chains go through accounts of any age that the "
    "caller sees. Of a circle everybody came by everybody else."
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """Of `first` up to and without `until`."""

    first: date
    until: date
    as_of: str | None
    limit: int


@dataclass(slots=True)
class Read:
    """The rows of the statement by their sort."""

    new: int
    referrer_of: dict[UUID, UUID]
    seen: set[UUID]
    counted: dict[UUID, dict[str, Decimal]]
    others: dict[str, Decimal]


async def read_referrals(call: Call, asked: Asked) -> dict[str, Any]:
    for resource in ("accounts", "orders"):
        call.by.demand(f"{resource}:read")
    moment = None if asked.as_of is None else history.moment_of(call, "as_of", asked.as_of)
    read = await _read(call, asked, moment)
    came = {by: found for by, found in came_by(read.referrer_of, read.counted).items() if by in read.seen}  # fmt: skip
    first = sorted(came, key=lambda by: (-came[by].accounts, -came[by].direct, by))[: asked.limit]
    names = await account_names(call, first)
    at = None if moment is None else moment.isoformat()
    return {
        "period": {"from": asked.first, "until": asked.until}, "as_of": moment or datetime.now(UTC),
        "new_accounts": read.new, "referred_accounts": len(read.counted), "share": told(len(read.counted), read.new),
        "records": _records(asked, at, {"field": "referred_by_id", "operator": "is_null", "value": False}),
        "revenue": _revenue(read),
        "referrer_count": len(came), "longest_chain": max((found.depth for found in came.values()), default=0),
        "referrers": [
            {
                "account_id": str(by), "name": names.get(str(by)), **_figures(came[by]),
                "records": _records(asked, at, {"field": "referred_by_id", "operator": "eq", "value": str(by)}),
            }
            for by in first
        ],
        "sentence": SENTENCE,
    }  # fmt: skip


async def _read(call: Call, asked: Asked, moment: datetime | None) -> Read:
    scope, orders = await call.scope("accounts"), await call.scope("orders")
    is_past = moment is not None
    statement = SHAPES.get(
        (scope.shape, orders.shape, is_past), lambda: referrals(scope, orders, is_past=is_past)
    )
    values = {
        "organisation": call.organisation, "as_of": moment, "first": asked.first, "until": asked.until,
        "begins": call.clock.midnight(asked.first), "ends": call.clock.midnight(asked.until),
        **scope.params(), **{f"{ORDERS}_{name}": value for name, value in orders.params().items()},
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return _sorted(rows)


def _sorted(rows: Any) -> Read:
    found = Read(0, {}, set(), {}, {})
    for row in rows:
        if row["what"] == "new":
            found.new = int(row["amount"])
        elif row["what"] == "referrer":
            found.seen.add(row["id"])
        elif row["what"] == "referred":
            found.referrer_of[row["id"]] = row["by"]
            if row["is_new"]:
                found.counted.setdefault(row["id"], {})
        elif row["id"] is None:
            found.others[row["currency"]] = row["amount"]
        else:
            found.counted.setdefault(row["id"], {})[row["currency"]] = row["amount"]
    return found


def _revenue(read: Read) -> list[dict[str, Any]]:
    """What new accounts bought in the period, less what came back, and the part of it by those who were referred."""
    came = Came()
    for sums in read.counted.values():
        came.add(sums)
    found = []
    for currency in sorted({*came.revenue, *read.others}):
        part = came.revenue.get(currency, Decimal(0))
        whole = part + read.others.get(currency, Decimal(0))
        share = round(float(part / whole), 4) if whole > 0 and part >= 0 else None
        found.append(
            {
                "currency": currency, "of_new": money_of(whole, currency, is_exact=True),
                "of_referred": money_of(part, currency, is_exact=True), "share": share,
            }
        )  # fmt: skip
    return found


def _figures(came: Came) -> dict[str, Any]:
    return {
        "direct": came.direct, "through": came.through, "depth": came.depth, "revenue": _money(came.revenue),
    }  # fmt: skip


def _money(sums: Sums) -> list[dict[str, Any]]:
    return [money_of(sums[each], each, is_exact=True) for each in sorted(sums) if sums[each]]


def _records(asked: Asked, at: str | None, condition: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {
        "filter_groups": [{"filters": [condition]}], "period": {"from": asked.first, "until": asked.until},
    }  # fmt: skip
    return {"path": SEARCH, "body": body if at is None else {**body, "as_of": at}}
