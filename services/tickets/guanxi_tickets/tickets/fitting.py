"""Which of ordered settings a new ticket has: the first whose filter it fits.

The statement names the table of tickets; a CTE of that name stands before it and holds the one row, so
that the answer is known before the write, which stays one write with one event.
"""

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Integer, case, literal_column, select, true

from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Invalid, Malformed
from guanxi_shared.filters import Binder, Groups
from guanxi_shared.reads import Asker
from guanxi_shared.statements import compile_after_binding
from guanxi_tickets.tickets.resources import TICKET, TICKETS

AS_IF = """
WITH asked AS (
  SELECT doc, place FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS e (doc, place)),
tickets AS (
  SELECT r.*, asked.place FROM asked, LATERAL jsonb_populate_record(NULL::tickets, asked.doc) AS r),
tickets_search AS (
  SELECT r.* FROM asked, LATERAL jsonb_populate_record(NULL::tickets_search, asked.doc) AS r)
"""


async def understood(call: Asker, document: Sequence[Any]) -> Groups:
    """The conditions of a policy as they are meant now; Invalid when they mean nothing."""
    fields = await call.custom_fields.extend(call.organisation, TICKETS)
    try:
        return filters.groups_from_document(list(document), fields, call.clock)
    except Malformed as problem:
        reasons = " ".join(problem.errors.values())
        sentence = f"{problem.detail} {reasons}".strip()
        raise Invalid(
            f"filter_groups: {sentence}", errors={"filter_groups": sentence}, code="broken_filter"
        ) from problem


async def first_fitting(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any], documents: Sequence[Any]
) -> int | None:
    """The place of the first that fits, without asking where an empty one is the first; None of none."""
    return (await first_fitting_each(call, connection, [row], documents))[0]


async def first_fitting_each(
    call: Call, connection: Connection | Deferred, rows: Sequence[Mapping[str, Any]],
    documents: Sequence[Any],
) -> list[int | None]:  # fmt: skip
    """The same for each of the rows, asked once for all of them."""
    conditioned = list(takewhile(bool, documents))
    rest = len(conditioned) if len(conditioned) < len(documents) else None
    if not (rows and conditioned):
        return [rest] * len(rows)
    asked = await _fitting(call, connection, rows, conditioned)
    return [fits.index(True) if True in fits else rest for fits in asked]


async def _fitting(
    call: Call, connection: Connection | Deferred, rows: Sequence[Mapping[str, Any]],
    documents: Sequence[Any],
) -> list[list[bool]]:  # fmt: skip
    """A filter that means nothing any more (a custom field was removed) fits nothing."""
    bind = Binder()
    columns: list[ColumnElement[int]] = []
    for index, document in enumerate(documents):
        try:
            groups = await filters.prepared(call, await understood(call, document))
        except (Invalid, Malformed):
            columns.append(literal_column("0", Integer).label(f"c{index}"))
            continue
        condition = filters.compile_groups(groups, bind)
        fits = case((true() if condition is None else condition, 1), else_=0)
        columns.append(fits.label(f"c{index}"))
    in_order = literal_column("tickets.place", Integer)
    compiled = compile_after_binding(select(*columns).select_from(TICKET).order_by(in_order))
    whole = orjson.dumps(list(map(dict, rows)), option=orjson.OPT_UTC_Z, default=str).decode()
    asked = await connection.fetch(AS_IF + compiled.sql, whole, *compiled.args(bind.values))
    return [[bool(value) for value in each.values()] for each in asked]
