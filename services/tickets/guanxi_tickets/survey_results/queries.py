"""How often each was answered, and how many were asked: the caller's rows alone, counted in the database.

Every count is by period (its place in the list), so that a year by days is one statement.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from guanxi_shared import selects
from guanxi_shared.calls import Call
from guanxi_shared.db import bound
from guanxi_shared.resources import Resource
from guanxi_shared.statements import Shapes
from guanxi_shared.visibility import Scope, predicate
from guanxi_tickets.service_reports import past
from guanxi_tickets.survey_answers.resources import ANSWER, ANSWERS
from guanxi_tickets.survey_results.asked import Asked
from guanxi_tickets.survey_sending.resources import INVITATION, INVITATIONS

SHAPES = Shapes()
OF: Final[Mapping[str, tuple[str, Any]]] = {
    "edition": ("edition", BigInteger), "assignee_id": ("owner_id", Uuid), "team_id": ("team_id", Uuid)
}  # fmt: skip
# A list of choices is as many answers; anything else is one.
LISTED: Final = "CASE WHEN jsonb_typeof(each.value) = 'array' THEN each.value ELSE jsonb_build_array(each.value) END"
MOMENTS: Final[Mapping[str, str]] = {ANSWERS.name: "answered_at", INVITATIONS.name: "sent_at"}
Row = Mapping[str, Any]


class Build(Protocol):
    def __call__(self, scope: Scope, names: Sequence[str], *, is_past: bool) -> Select[Any]: ...


async def asked_counts(call: Call, survey_id: Any, asked: Asked) -> list[Row]:
    """period, status, count: of invitations that went out."""
    return await _fetch(call, "asked", INVITATIONS, survey_id, asked, {}, _asked)


async def answer_counts(call: Call, survey_id: Any, asked: Asked, keys: Sequence[str]) -> list[Row]:
    """period, edition, key, value (as text), count: of ratings and choices; of several each."""
    values = {"keys": list(keys)}
    return await _fetch(call, "answers", ANSWERS, survey_id, asked, values, _answers)


async def pair_counts(
    call: Call, survey_id: Any, asked: Asked, items: Sequence[str], parts: tuple[str, str]
) -> list[Row]:
    """period, edition, item, one, other (as text, null without an answer), count."""
    values = {"items": list(items), "one": f".{parts[0]}", "other": f".{parts[1]}"}
    return await _fetch(call, "pairs", ANSWERS, survey_id, asked, values, _pairs)


async def counted_ids(call: Call, survey_id: Any, asked: Asked, resource: Resource) -> list[Row]:
    """period, ids: of what the log has at the instant, where no filter of today finds it."""
    moment = MOMENTS[resource.name]

    def build(scope: Scope, names: Sequence[str], *, is_past: bool) -> Select[Any]:
        table = resource.table
        place = _period(table.c[moment])
        found = select(place, literal_column(past.ids(True)).label("ids")).select_from(table)
        wanted = _wanted(table, table.c[moment], scope, names, is_past=is_past)
        return found.where(*wanted).group_by(literal_column("1"))

    return await _fetch(call, f"ids of {resource.name}", resource, survey_id, asked, {}, build)


async def _fetch(
    call: Call, which: str, resource: Resource, survey_id: Any, asked: Asked,
    values: Mapping[str, Any], build: Build,
) -> list[Row]:  # fmt: skip
    scope = await call.scope_of(resource)
    names = tuple(sorted(asked.only))

    def whole() -> Select[Any]:
        if not asked.is_past:
            return build(scope, names, is_past=False)
        own = resource.table.c.survey_id == bindparam("survey", type_=Uuid)
        then = past.as_then(resource, more=past.FOLLOWED)
        return build(scope, names, is_past=True).add_cte(past.seen(resource, scope, own), then)

    compiled = SHAPES.get((which, names, scope.shape, asked.is_past), whole)
    given = {
        "organisation": call.organisation, "survey": survey_id, "at": asked.at, **scope.params(), **asked.only,
        **values, "starts": [period.start for period in asked.periods],
        "first": asked.periods[0].start, "end": asked.periods[-1].end,
    }  # fmt: skip
    rows = await call.db.pool.fetch(
        bound(compiled.sql), str(call.organisation), *compiled.args(given)
    )
    return [dict(row) for row in rows]


def _period(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    """The place of the period, from 0."""
    starts = bindparam("starts", type_=ARRAY(DateTime(timezone=True)))
    return (cast(func.width_bucket(moment, starts), Integer) - 1).label("period")


def _wanted(
    table: Any, moment: ColumnElement[Any], scope: Scope, names: Sequence[str], *, is_past: bool
) -> list[ColumnElement[bool]]:
    """What is there is the caller's to see; of the past that was looked at already."""
    at = DateTime(timezone=True)
    visible = () if is_past else (table.c.deleted_at.is_(None), predicate(table, scope))
    return [
        selects.of_organisation(table), table.c.survey_id == bindparam("survey", type_=Uuid),
        moment >= bindparam("first", type_=at), moment < bindparam("end", type_=at), *visible,
        *(table.c[OF[name][0]] == bindparam(name, type_=OF[name][1]) for name in names),
    ]  # fmt: skip


def _asked(scope: Scope, names: Sequence[str], *, is_past: bool) -> Select[Any]:
    table = INVITATION.c
    period = _period(table.sent_at)
    found = select(period, table.status, func.count().label("count")).select_from(INVITATION)
    return found.where(*_wanted(INVITATION, table.sent_at, scope, names, is_past=is_past)).group_by(
        literal_column("1"), table.status
    )


def _answers(scope: Scope, names: Sequence[str], *, is_past: bool) -> Select[Any]:
    table = ANSWER.c
    each = func.jsonb_each(table.answers).table_valued("key", "value", name="each")
    listed = func.jsonb_array_elements_text(literal_column(LISTED))
    value = listed.table_valued(column("said", Text), name="value").render_derived(name="value")
    joined = ANSWER.join(each, true()).join(value, true())
    found = select(
        _period(table.answered_at), table.edition, literal_column("each.key").label("key"),
        literal_column("value.said").label("value"), func.count().label("count"),
    ).select_from(joined)  # fmt: skip
    keys = bindparam("keys", type_=ARRAY(Text))
    is_wanted: ColumnElement[bool] = literal_column("each.key", Text) == func.any(keys)
    wanted = [*_wanted(ANSWER, table.answered_at, scope, names, is_past=is_past), is_wanted]
    return found.where(*wanted).group_by(*map(literal_column, "1234"))


def _pairs(scope: Scope, names: Sequence[str], *, is_past: bool) -> Select[Any]:
    table = ANSWER.c
    listed = func.unnest(bindparam("items", type_=ARRAY(Text)))
    items = listed.table_valued(column("item", Text), name="items").render_derived(name="items")
    one, other = (
        table.answers.op("->>")(func.concat(items.c.item, bindparam(name, type_=Text))).label(name)
        for name in ("one", "other")
    )
    found = select(
        _period(table.answered_at), table.edition, items.c.item, one, other,
        func.count().label("count"),
    ).select_from(ANSWER.join(items, true()))  # fmt: skip
    wanted = _wanted(ANSWER, table.answered_at, scope, names, is_past=is_past)
    return found.where(*wanted).group_by(*map(literal_column, "12345"))
