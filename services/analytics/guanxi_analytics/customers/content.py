"""How content a customer is: what they last answered and what they complain of, as far as the caller sees the tickets."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from guanxi_analytics.customers.outlook_rules import WARNED
from guanxi_analytics.facts.kinds import ANSWERS, TICKETS
from guanxi_analytics.queries.beside import one
from guanxi_analytics.satisfaction.reading import CONTENT, TYPES
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate

SHAPES: Final = Shapes()
ANSWER: Final = ANSWERS.table
TICKET: Final = TICKETS.table
HIDDEN: Final = "What they answered and complained of is told to those who read tickets."
Row = Mapping[str, Any]


async def read_content(call: Call, account_id: UUID, outlooks: Sequence[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {"answers": [], "loyalty_type": None, "complaints": None}
    if not call.by.may("tickets:read"):
        return found | {"sentence": HIDDEN}
    scope = await call.scope("tickets")
    answers = await _rows(call, "answers", _answers, account_id, scope)
    [complaints] = await _rows(call, "complaints", _complaints, account_id, scope)
    latest = max(answers, key=lambda row: row["answered_at"], default=None)
    loyalty = _loyalty_type(latest, outlooks)
    return {
        "answers": answers, "loyalty_type": loyalty,
        "complaints": complaints | {"ticket_ids": (complaints["ticket_ids"] or [])[:MOST]},
        "sentence": _told(latest, loyalty, outlooks),
    }  # fmt: skip


def _loyalty_type(latest: Row | None, outlooks: Sequence[Row]) -> str | None:
    """By the last answer of either kind, as the types of all customers are."""
    if latest is None or not outlooks:
        return None
    is_buying = any(row["repeats"] > 0 and row["alive"] >= WARNED for row in outlooks)
    return TYPES[latest["score"] >= CONTENT[latest["kind"]], is_buying]


def _told(latest: Row | None, loyalty: str | None, outlooks: Sequence[Row]) -> str:
    if latest is None:
        return "They answered no question about it that you see."
    if loyalty is None:
        return (
            "Whether they still buy is not known: no model in use says so, or they bought nothing."
        )
    word = "content" if latest["score"] >= CONTENT[latest["kind"]] else "not content"
    return f"By their last answer ({latest['kind'].upper()} {latest['score']}) they are {word}; {LOYALTY[loyalty]}."


LOYALTY: Final = {
    "loyal": "they still buy: loyal", "spurious": "they buy all the same: their loyalty is spurious",
    "latent": "they do not buy: their loyalty is latent", "none": "they do not buy",
}  # fmt: skip
MOST: Final = 5


async def _rows(
    call: Call, name: str, build: Any, account_id: UUID, scope: Scope
) -> list[dict[str, Any]]:
    statement = SHAPES.get((name, scope.shape), lambda: build(scope))
    values = {"organisation": call.organisation, "id": account_id, **scope.params()}
    rows = await call.db.pool.fetch(
        bound(statement.sql), str(call.organisation), *statement.args(values)
    )
    return [dict(row) for row in rows]


def _of(table: Any, scope: Scope) -> list[Any]:
    return [
        table.c.organisation_id == bindparam("organisation", type_=Uuid), table.c.account_id == bindparam("id", type_=Uuid),
        table.c.ended_at.is_(None), predicate(table, scope),
    ]  # fmt: skip


def _answers(scope: Scope) -> Select[Any]:
    """The last one of each kind."""
    return (
        select(ANSWER.c.kind, ANSWER.c.score, ANSWER.c.answered_at, ANSWER.c.ticket_id)
        .ext(distinct_on(ANSWER.c.kind))
        .where(
            *_of(ANSWER, scope), ANSWER.c.score.is_not(None),
            or_(*(ANSWER.c.kind == one(kind) for kind in CONTENT)),
        )
        .order_by(ANSWER.c.kind, ANSWER.c.answered_at.desc(), ANSWER.c.subject_id)
    )  # fmt: skip


def _complaints(scope: Scope) -> Select[int, Any, Sequence[Any]]:
    oldest = aggregate_order_by(TICKET.c.subject_id, TICKET.c.opened_at, TICKET.c.subject_id)
    return select(
        func.count().label("open"), func.min(TICKET.c.opened_at).label("oldest_at"),
        func.array_agg(oldest).label("ticket_ids"),
    ).where(
        *_of(TICKET, scope), TICKET.c.kind == one("complaint"),
        TICKET.c.status_kind != one("solved"), TICKET.c.status_kind != one("closed"),
    )  # fmt: skip
