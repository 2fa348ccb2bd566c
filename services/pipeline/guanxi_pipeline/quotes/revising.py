"""Another version of an offer: a copy that may be changed; the one before stays as it was sent."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from guanxi_pipeline.errors import QuoteState
from guanxi_pipeline.quotes import rules, state_rules
from guanxi_pipeline.quotes.resources import QUOTES
from guanxi_pipeline.quotes.service import load_quote
from guanxi_pipeline.references.service import name_of_account
from guanxi_shared import records
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State

VERSIONS = """
SELECT max(revision) AS last, max(revision) FILTER (WHERE deleted_at IS NULL) AS newest
FROM quotes WHERE organisation_id = $1 AND number = $2
"""
NOT_COPIED = ("version", "created_at", "updated_at", "deleted_at", "as_shown")


async def revise_quote(
    call: Call, connection: Connection, quote_id: UUID, version: int | None
) -> State:
    """The next version as a draft. One that was sent can no longer be accepted from now on."""
    loaded = await load_quote(call, connection, quote_id, version)
    row = loaded.row
    state_rules.demand("revised", row["status"])
    found = await connection.fetchrow(VERSIONS, call.organisation, row["number"])
    assert found is not None
    if row["revision"] != found["newest"]:
        raise QuoteState(f"Version {found['newest']} is the newest one; revise that.")
    copy = _copy(row, found["last"] + 1, call.clock.today)
    name = await name_of_account(connection, call.organisation, row["account_id"])
    copy |= rules.found_by(copy, account_name=name)
    changes: dict[str, Any] = {"superseded_by_id": copy["id"]}
    if row["status"] == "sent":
        changes["status"] = "superseded"
    await records.update_record(
        connection, QUOTES, loaded, changes, actor=call.actor, verb="revised"
    )
    return await records.insert_record(connection, QUOTES, copy, actor=call.actor)


def _copy(row: Mapping[str, Any], revision: int, today: date) -> dict[str, Any]:
    copy = {name: value for name, value in row.items() if name not in NOT_COPIED}
    return copy | {
        "id": new_id(), "revision": revision, "superseded_by_id": None, **state_rules.NOT_APPROVED,
        "sent_at": None, "decided_at": None, "decision": None, "order_id": None, "external_id": None,
        "valid_until": None if state_rules.is_over(row, today) else row["valid_until"],
    }  # fmt: skip
