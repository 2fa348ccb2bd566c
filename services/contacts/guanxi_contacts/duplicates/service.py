"""Use cases of duplicates: who may be the same as these fields, or as this record."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from guanxi_contacts.accounts import rules as account_rules
from guanxi_contacts.duplicates import rules
from guanxi_contacts.duplicates.candidates import Candidate, candidates_by_keys
from guanxi_contacts.duplicates.keys import AskedKey, asked_of_account, asked_of_person
from guanxi_contacts.duplicates.rules import Evidence
from guanxi_contacts.errors import Duplicate
from guanxi_contacts.people import rules as people_rules
from guanxi_contacts.resources import CONTACTS
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection, Database
from guanxi_shared.deferred import Deferred
from guanxi_shared.errors import NotFound
from guanxi_shared.resources import Resource
from guanxi_shared.visibility import Scope
from guanxi_shared.written import region_of

MOST_SHOWN = 20
MOST_SIMILAR = 10
# Those who create at the same moment and refuse duplicates take turns for each key that they share.
TAKE_TURNS = """
SELECT pg_advisory_xact_lock(turn) FROM (
  SELECT DISTINCT hashtextextended($1::text || ' ' || key, 1) AS turn FROM unnest($2::text[]) AS key
  ORDER BY 1
) AS turns
"""


async def check_duplicate(
    call: Call, resource: Resource, data: BaseModel, *, similar: bool
) -> list[dict[str, Any]]:
    """Candidates for fields that are not stored."""
    row = columns_of(call, resource, data.model_dump(exclude_unset=True, exclude_none=True))
    return await _candidates(call, call.db, resource, row, but=row.get("id"), similar=similar)


async def find_duplicates(
    call: Call, resource: Resource, record_id: UUID, *, similar: bool
) -> list[dict[str, Any]]:
    """Candidates for a record that the caller sees."""
    found = await candidates_by_keys(call.db, resource, call.organisation, keys=(), ids=[record_id])
    scope = await call.scope(resource.name)
    if not found or not found[0].is_visible_to(scope):
        raise NotFound(f"There is no {resource.noun} with the id {str(record_id)!r}.")
    row = found[0].record()
    return await _candidates(call, call.db, resource, row, but=record_id, similar=similar)


async def duplicates_of_create(
    call: Call, connection: Connection | Deferred, resource: Resource, data: BaseModel
) -> list[dict[str, Any]]:
    """The likely ones, seen from inside the transaction that is about to create."""
    row = columns_of(call, resource, data.model_dump(exclude_unset=True, exclude_none=True))
    asked = asked_of(resource, row)
    await connection.execute(TAKE_TURNS, str(call.organisation), [each.key for each in asked])
    # A repeated create with the client's own id is no duplicate of itself.
    found = await _candidates(call, connection, resource, row, but=row.get("id"), similar=False)
    return [each for each in found if each["score"] >= rules.LIKELY]


def refuse_duplicates(resource: Resource, found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    owner = found[0]["owner"]["name"]
    whose = f", owned by {owner}" if owner else ""
    raise Duplicate(
        f"This {resource.noun} seems to exist{whose}.",
        errors={each["field"]: each["detail"] for each in reversed(found[0]["reasons"])},
        candidates=orjson.Fragment(orjson.dumps(found, option=orjson.OPT_UTC_Z)),
    )


def columns_of(call: Call, resource: Resource, sent: dict[str, Any]) -> dict[str, Any]:
    """Sent fields in the form in which they would be stored."""
    region = region_of(call)
    if resource is not CONTACTS:
        return account_rules.columns_from(sent, region=region)
    name = sent.get("name") or people_rules.whole_name(
        sent.get("given_name"), sent.get("family_name")
    )
    columns = people_rules.columns_from(sent, region=region)
    return {**columns, "name": name, "accounts": sent.get("accounts", [])}


def asked_of(resource: Resource, row: Mapping[str, Any]) -> list[AskedKey]:
    return asked_of_person(row) if resource is CONTACTS else asked_of_account(row)


async def _candidates(
    call: Call, place: Database | Connection | Deferred, resource: Resource, row: Mapping[str, Any],
    *, but: UUID | None, similar: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    asked = asked_of(resource, row)
    near = await _near_ids(call, resource, row) if similar else []
    if not asked and not near:
        return []
    keys = [each.key for each in asked]
    found = await candidates_by_keys(
        place, resource, call.organisation, keys=keys, ids=near, but=but
    )
    scope = await call.scope(resource.name)
    shown = [_judged(resource, row, asked, candidate, scope) for candidate in found]
    shown = [each for each in shown if each["reasons"]]
    shown.sort(key=lambda each: (-each["score"], not each["is_visible"], str(each["id"])))
    return shown[:MOST_SHOWN]


async def _near_ids(call: Call, resource: Resource, row: Mapping[str, Any]) -> list[UUID]:
    """Visible records that the search finds by the name, with typing mistakes if need be."""
    if not row.get("name"):
        return []
    found = await reads.ranked(call, resource, row["name"], fields=("id",), limit=MOST_SIMILAR)
    return [UUID(each["id"]) for _, each in found]


def _judged(
    resource: Resource, row: Mapping[str, Any], asked: Sequence[AskedKey], candidate: Candidate,
    scope: Scope,
) -> dict[str, Any]:  # fmt: skip
    """A candidate as it may be shown. One that is not visible is judged by what the caller sent
    alone: a score that followed its stored values would let them be guessed step by step."""
    weights = rules.WEIGHTS[resource.name]
    evidence = rules.shared_keys(asked, candidate.keys)
    is_visible = candidate.is_visible_to(scope)
    record = candidate.record() if is_visible else None
    if record is not None:
        evidence += rules.likeness(resource.name, row, record)
    score = rules.score_of(evidence, weights)
    return {
        "id": str(candidate.id) if is_visible else None,
        "score": score,
        "level": rules.level_of(score),
        "reasons": [_reason(each) for each in rules.strongest_first(evidence, weights)],
        "is_visible": is_visible,
        "owner": {
            "id": str(candidate.owner_id) if is_visible and candidate.owner_id else None,
            "name": candidate.owner_name,
        },
        "record": record,
    }


def _reason(evidence: Evidence) -> dict[str, str]:
    return {"field": evidence.field, "kind": evidence.kind, "detail": evidence.detail}
