"""Contracts of the entitlements that the caller sees, as of now or of a past moment."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from guanxi_analytics.churn.asked import page_of
from guanxi_analytics.contracts import renewal_rules, retention_rules, statements
from guanxi_analytics.contracts.asked import Days, RenewalsAsked, RetentionAsked
from guanxi_analytics.press.beside import press_of
from guanxi_analytics.queries.names import account_names
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Compiled, Shapes
from guanxi_shared.visibility import EVERYTHING

SHAPES: Final = Shapes()
WHAT: Final = (
    "A contract is what an account has without a gap; it counts at the end of each term, {grace} days after which it is lost"
    " unless it was renewed. Terms that still run, and those that were put away before their end was due, are not counted yet."
)


async def read_retention(call: Call, asked: RetentionAsked) -> dict[str, Any]:
    call.by.demand("entitlements:read")
    scope = await call.scope("entitlements")
    is_past = asked.days.as_of is not None
    statement = SHAPES.get(
        ("retention", asked.by, scope.shape, is_past),
        lambda: statements.retention(scope, by=asked.by, is_past=is_past),
    )
    rows, moment = await rows_of(call, statement, asked.days, scope.params())
    rows = [row for row in rows if asked.term in (None, row["term"])]
    blocks = retention_rules.blocks_of(rows, retention_rules.MOST_TERMS)
    given = [{name: block[name] for name in ("at_risk", "lost", "years")} for block in blocks]
    made = await press_of(call.house).make(
        "contract_retention", {"blocks": given, "discount": asked.discount, "train": asked.train}
    )
    learnt = dict(zip((block["term"] for block in blocks), orjson.loads(made), strict=True))
    cohorts = retention_rules.cohorts_of(rows, learnt) if asked.by else {}
    margin = (asked.margin, asked.currency) if asked.margin is not None and asked.currency else None
    return {
        "until": asked.days.until, "as_of": moment, "grace": asked.days.grace, "by": asked.by,
        "discount": asked.discount,
        "margin": None if margin is None else {"amount": f"{margin[0]:g}", "currency": margin[1]},
        "sentence": WHAT.format(grace=asked.days.grace),
        "data": [
            retention_rules.shown(block, learnt[block["term"]], cohorts.get(block["term"]), margin)
            for block in blocks
        ],
    }  # fmt: skip


async def read_renewals(call: Call, asked: RenewalsAsked) -> dict[str, Any]:
    """How likely is learnt of all terms, as P(alive) is of all customers; what sums over them is told to those who see them."""
    call.by.demand("entitlements:read")
    days, is_past = asked.days, asked.days.as_of is not None
    ended = SHAPES.get(("ends", is_past), lambda: statements.ends(EVERYTHING, is_past=is_past))
    rows, moment = await rows_of(call, ended, days, EVERYTHING.params())
    cells = renewal_rules.cells_of(rows)
    last = renewal_rules.last_whole(days.until, days.grace)
    given = {
        "cells": cells, "last": last, "grace": days.grace, "capacity": asked.capacity,
        "places": statements.LAST_PLACE,
    }  # fmt: skip
    learnt = orjson.loads(await press_of(call.house).make("contract_renewals", given))
    found, page = page_of(await _running(call, asked, learnt), asked.limit)
    names = await account_names(call, [row["customer_id"] for row in found])
    sees_all = call.by.sees("entitlements") == "all"
    told = (
        learnt["sentence"]
        if sees_all
        else "What it was worth is told to those who see all entitlements."
    )
    return {
        "until": days.until, "as_of": moment, "grace": days.grace, "within": asked.within, "by": learnt["by"],
        "model": {"verdict": learnt["verdict"], "sentence": told, "tested": learnt["tested"] if sees_all else None},
        "data": [renewal_rules.shown(row, learnt, names) for row in found], "page": page,
    }  # fmt: skip


async def _running(
    call: Call, asked: RenewalsAsked, learnt: dict[str, Any]
) -> list[dict[str, Any]]:
    scope = await call.scope("entitlements")
    is_past, is_first = asked.days.as_of is not None, asked.after is None
    statement = SHAPES.get(
        ("running", scope.shape, is_past, is_first),
        lambda: statements.running(scope, is_past=is_past, is_first=is_first),
    )
    more = said_of(learnt) | {
        "within": asked.within, "most": asked.limit + 1, "after": asked.after and asked.after[0],
        "after_id": asked.after and asked.after[1], **scope.params(),
    }  # fmt: skip
    rows, _ = await rows_of(call, statement, asked.days, more)
    return rows


def said_of(learnt: Mapping[str, Any]) -> dict[str, Any]:
    """What a term's length and place say, as `statements.running` takes it."""
    columns = zip(*learnt["places"], strict=True) if learnt["places"] else ((), (), ())
    names = ("terms", "places", "hazards")
    said = {name: list(column) for name, column in zip(names, columns, strict=True)}
    return said | {"overall": learnt["overall"]}


async def rows_of(
    call: Call, statement: Compiled, days: Days, more: dict[str, Any]
) -> tuple[list[dict[str, Any]], datetime]:
    """And the moment as of which they are."""
    moment = None if days.as_of is None else history.moment_of(call, "as_of", days.as_of)
    values = {
        "organisation": call.organisation, "until": days.until, "grace": days.grace, "as_of": moment, **more
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in rows], moment or datetime.now(UTC)
