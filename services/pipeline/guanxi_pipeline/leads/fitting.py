"""Search documents asked of one lead as it is going to be, before it is written.

The statement names the table of leads; a CTE of that name stands before it and holds the one row. So
rules and criteria decide before the write, which stays one write with one event.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import case, literal_column, select, true

from guanxi_pipeline.errors import BrokenFilter
from guanxi_pipeline.leads.resources import LEAD, LEADS
from guanxi_pipeline.leads.rules import found_by
from guanxi_shared import filters
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import Malformed
from guanxi_shared.filters import Binder, Groups
from guanxi_shared.schema import COPIED, WORDS
from guanxi_shared.statements import compile_after_binding

AS_IF = """
WITH leads AS (SELECT r.* FROM jsonb_populate_record(NULL::leads, $1::text::jsonb) AS r),
leads_search AS (SELECT r.* FROM jsonb_populate_record(NULL::leads_search, $1::text::jsonb) AS r)
"""
# What is not there before the write.
EMPTY: Mapping[str, Any] = dict.fromkeys(WORDS) | dict.fromkeys(COPIED)


async def understood(call: Call, document: Sequence[Any], *, where: str) -> Groups:
    """The conditions of a kept document as they are meant now; BrokenFilter names `where`."""
    fields = await call.custom_fields.extend(call.organisation, LEADS)
    try:
        orjson.dumps(document)
    except TypeError as error:  # an integer beyond 64 bits, which could not be kept
        raise BrokenFilter(
            f"{where}: a number is too long.", errors={where: "A number is too long."}
        ) from error
    try:
        return filters.groups_from_document(list(document), fields, call.clock)
    except Malformed as problem:
        reasons = " ".join(problem.errors.values())
        raise BrokenFilter(
            f"{where}: {problem.detail}", errors={where: f"{problem.detail} {reasons}".strip()}
        ) from problem


async def fitting(
    call: Call, connection: Connection | Deferred, row: Mapping[str, Any], documents: Sequence[Any]
) -> list[bool]:
    """Whether a lead with these stored columns fits each of the documents; one that means nothing any
    more (a custom field was removed) fits nothing."""
    found = [await _meant(call, document) for document in documents]
    if not any(groups is not None for groups in found):
        return [False for _ in found]
    bind = Binder()
    columns = []
    for index, groups in enumerate(found):
        condition = None if groups is None else filters.compile_groups(groups, bind)
        fits = literal_column("0") if groups is None else case(
            (true() if condition is None else condition, 1), else_=0
        )  # fmt: skip
        columns.append(fits.label(f"c{index}"))
    compiled = compile_after_binding(select(*columns).select_from(LEAD))
    asked = await connection.fetchrow(
        AS_IF + compiled.sql, _as_json(row), *compiled.args(bind.values)
    )
    assert asked is not None
    return [bool(value) for value in asked.values()]


async def _meant(call: Call, document: Sequence[Any]) -> Groups | None:
    try:
        return await understood(call, document, where="filter_groups")
    except BrokenFilter:
        return None


def _as_json(row: Mapping[str, Any]) -> str:
    words = {} if "match_keys" in row else found_by(row)
    whole = {**EMPTY, **words, **row}
    return orjson.dumps(whole, option=orjson.OPT_UTC_Z, default=str).decode()
