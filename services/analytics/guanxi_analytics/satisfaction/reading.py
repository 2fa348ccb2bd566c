"""What customers think of us, of the answers that the caller sees, and what the worker learnt of it."""

from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import DateTime, Select, Uuid, and_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from guanxi_analytics.churn.statements import account_of
from guanxi_analytics.customers.outlook_rules import WARNED
from guanxi_analytics.facts.kinds import ACCOUNTS, ANSWERS, TABLES
from guanxi_analytics.queries.beside import known_at, one
from guanxi_analytics.satisfaction import figure_rules
from guanxi_shared import history
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.errors import Invalid
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
ANSWER: Final = ANSWERS.table
ACCOUNT: Final = ACCOUNTS.table
OUTLOOK: Final = TABLES["customer_outlooks"]
MOST: Final = 100_000
CONTENT: Final = {"csat": 4, "nps": 9}
# Dick and Basu 1994, J. Academy of Marketing Science 22(2): attitude by behaviour.
TYPES: Final = {
    (True, True): "loyal", (False, True): "spurious", (True, False): "latent", (False, False): "none"
}  # fmt: skip


async def read_satisfaction(
    call: Call, first: date, until: date, as_of: str | None
) -> dict[str, Any]:
    call.by.demand("tickets:read")
    scope = await call.scope("tickets")
    moment = None if as_of is None else history.moment_of(call, "as_of", as_of)
    statement = SHAPES.get(
        ("answers", scope.shape, moment is None), lambda: _answers(scope, is_past=moment is not None)
    )  # fmt: skip
    values = {
        "organisation": call.organisation, "first": call.clock.midnight(first), "until": call.clock.midnight(until),
        "as_of": moment, "most": MOST + 1, **scope.params(),
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    if len(rows) > MOST:
        raise Invalid(
            f"That is more than {MOST:,} answers.", errors={"from": "Send a shorter period."}, code="query_too_large"
        )  # fmt: skip
    answers = [dict(row) for row in rows]
    return {
        "period": {"from": first, "until": until}, "as_of": moment or datetime.now(UTC), "answers": len(answers),
        "scores": figure_rules.scores(answers), "gaps": figure_rules.gaps(answers),
        "kano": figure_rules.kano_items(answers), "loyalty_types": await _types(call),
        "sentence": f"Nothing is told of fewer than {figure_rules.LEAST} answers but how many they are.",
    }  # fmt: skip


def _answers(scope: Scope, *, is_past: bool) -> Select[Any]:
    first, until = (bindparam(name, type_=DateTime(timezone=True)) for name in ("first", "until"))
    names = ("survey_id", "kind", "score", "figures")
    return (
        select(*(ANSWER.c[name] for name in names))
        .where(
            ANSWER.c.organisation_id == bindparam("organisation", type_=Uuid), known_at(ANSWER, is_past),
            predicate(ANSWER, scope), ANSWER.c.answered_at >= first, ANSWER.c.answered_at < until,
        )
        .limit(bindparam("most"))
    )  # fmt: skip


async def _types(call: Call) -> list[dict[str, Any]]:
    """Customers by what they last said and whether they still buy, where both are known: of answers and accounts that are
    seen."""
    if not call.by.may("accounts:read"):
        return []
    tickets, accounts = await call.scope("tickets"), await call.scope("accounts")
    key = ("types", tickets.shape, accounts.shape)
    statement = SHAPES.get(key, lambda: _last_answers(tickets, accounts))
    prefixed = {f"account_{name}": value for name, value in accounts.params().items()}
    values = {"organisation": call.organisation, **tickets.params(), **prefixed}
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    counts = dict.fromkeys(TYPES.values(), 0)
    for row in rows:
        is_content = row["score"] >= CONTENT[row["kind"]]
        is_buying = row["repeats"] > 0 and row["alive"] >= WARNED
        counts[TYPES[is_content, is_buying]] += 1
    return [{"type": name, "customers": n} for name, n in counts.items()] if rows else []


def _last_answers(tickets: Scope, accounts: Scope) -> Select[Any]:
    organisation = bindparam("organisation", type_=Uuid)
    last = (
        select(ANSWER.c.account_id, ANSWER.c.kind, ANSWER.c.score)
        .ext(distinct_on(ANSWER.c.account_id))
        .where(
            ANSWER.c.organisation_id == organisation, ANSWER.c.ended_at.is_(None), predicate(ANSWER, tickets),
            or_(*(ANSWER.c.kind == one(kind) for kind in CONTENT)), ANSWER.c.score.is_not(None), ANSWER.c.account_id.is_not(None),
        )
        .order_by(ANSWER.c.account_id, ANSWER.c.answered_at.desc(), ANSWER.c.subject_id)
        .subquery("last")
    )  # fmt: skip
    outlook = and_(
        OUTLOOK.c.organisation_id == organisation, OUTLOOK.c.customer_id == last.c.account_id
    )
    return (
        select(last.c.kind, last.c.score, OUTLOOK.c.repeats, OUTLOOK.c.alive)
        .select_from(last.join(OUTLOOK, outlook).join(ACCOUNT, account_of(last.c.account_id)))
        .where(predicate(ACCOUNT, accounts, prefix="account"))
    )
