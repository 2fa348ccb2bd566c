"""Use cases of consents: write down what was said, show it, and say whether somebody may be contacted."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi_contacts.consents import rules
from guanxi_contacts.consents.resources import CONSENTS
from guanxi_contacts.consents.schemas import ConsentCreate
from guanxi_contacts.files.service import link_file
from guanxi_contacts.people.service import load_contact
from guanxi_contacts.privacy.suppressions import is_suppressed
from guanxi_contacts.resources import CONTACTS
from guanxi_shared import reads
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.erasing.tombstones import or_gone
from guanxi_shared.errors import Conflict, Invalid, NotFound
from guanxi_shared.events import publish
from guanxi_shared.identifiers import new_id
from guanxi_shared.records import State, is_same_create

CLOCKS_DIFFER = timedelta(minutes=5)
COLUMNS = (
    "id", "contact_id", "channel", "purpose", "status", "source", "proof", "file_id", "given_at",
    "expires_at", "recorded_by", "version", "created_at",
)  # fmt: skip
NAMES = ", ".join(COLUMNS)
INSERT = f"""
INSERT INTO consents (organisation_id, {NAMES})
VALUES ($1, {", ".join(f"${i}" for i in range(2, len(COLUMNS) + 2))})
"""
KNOWN = f"SELECT {NAMES} FROM consents WHERE organisation_id = $1 AND id = $2"
HISTORY = f"""
SELECT {NAMES} FROM consents WHERE organisation_id = $2 AND contact_id = $3
  AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5
"""
PRESENT = f"""
SELECT DISTINCT ON (channel, purpose) {NAMES} FROM consents WHERE organisation_id = $2 AND contact_id = $3
ORDER BY channel, purpose, given_at DESC, created_at DESC, id DESC
"""
ABOUT = f"""
SELECT {NAMES} FROM consents
WHERE organisation_id = $2 AND contact_id = $3 AND channel = $4 AND purpose = $5
ORDER BY given_at DESC, created_at DESC, id DESC LIMIT 1
"""
CONTACT = """
SELECT c.do_not_contact, c.do_not_contact_reason, c.do_not_contact_since, s.match_keys
FROM contacts AS c JOIN contacts_search AS s ON s.organisation_id = c.organisation_id AND s.id = c.id
WHERE c.organisation_id = $2 AND c.id = $3
"""


async def record_consent(
    call: Call, connection: Connection, contact_id: UUID, data: ConsentCreate
) -> tuple[int, State]:
    """Under the contact's row lock, so that of two said at once one is the later: 201 and the entry, or
    200 if the client sends again what is written already. A clock that is ahead is put back to now,
    or else its entry would outrank whatever is said next."""
    contact = await load_contact(call, connection, contact_id)
    if data.id is not None:
        found = await connection.fetchrow(KNOWN, call.organisation, data.id)
        if found is not None:
            return 200, _same_or_conflict(dict(found), contact_id, data)
    now = datetime.now(UTC)
    given_at = data.given_at or now
    _check_times(data, given_at, now)
    given_at = min(given_at, now)
    if data.file_id is not None:
        await _link_proof(call, connection, data.file_id, contact_id)
    sent = data.model_dump(include={"channel", "purpose", "status", "source", "proof", "file_id"})
    state: State = {
        "id": data.id or new_id(), "contact_id": contact_id, **sent, "given_at": given_at,
        "expires_at": data.expires_at, "recorded_by": call.by.user_id, "version": 1,
        "created_at": now,
    }  # fmt: skip
    await connection.execute(INSERT, call.organisation, *(state[name] for name in COLUMNS))
    await publish(
        connection,
        organisation_id=call.organisation,
        type=f"contacts.consent.{data.status}",
        subject_type=CONSENTS.noun,
        subject_id=state["id"],
        version=1,
        actor=call.actor,
        after=state,
        owner_id=contact.row["owner_id"],
        team_id=contact.row["team_id"],
    )
    return 201, state


def _same_or_conflict(found: State, contact_id: UUID, data: ConsentCreate) -> State:
    wanted = data.model_dump(exclude_unset=True)
    if data.given_at is not None:
        wanted["given_at"] = min(data.given_at, found["created_at"])
    if found["contact_id"] != contact_id or not is_same_create(found, wanted):
        raise Conflict(
            "A consent with this id exists already and differs.",
            errors={"id": "Taken; choose a new id."},
            code="id_taken",
        )
    return found


def _check_times(data: ConsentCreate, given_at: datetime, now: datetime) -> None:
    if given_at > now + CLOCKS_DIFFER:
        raise Invalid(
            "Nobody has said anything in the future.", errors={"given_at": "Send a past time."}
        )
    if data.expires_at is not None and data.status != "granted":
        raise Invalid("Only what was granted expires.", errors={"expires_at": "Leave it out here."})
    if data.expires_at is not None and data.expires_at <= given_at:
        raise Invalid(
            "It would expire before it was given.", errors={"expires_at": "Send a later time."}
        )


async def _link_proof(call: Call, connection: Connection, file_id: UUID, contact_id: UUID) -> None:
    try:
        await link_file(call, connection, file_id, {"type": "contact", "id": str(contact_id)})
    except NotFound as error:
        raise Invalid(
            "The file that proves it does not exist.",
            errors={"file_id": "There is no such file."},
            code="unknown_reference",
        ) from error


async def read_consents(
    call: Call, contact_id: UUID, *, before: UUID | None, limit: int
) -> tuple[list[State], list[State]]:
    """The history (one entry more than asked for, if there is one) and what counts now."""
    found_by_id = reads.find_record(call, CONTACTS, contact_id)
    await or_gone(call, CONTACTS, str(contact_id), found_by_id)
    key = (call.organisation, contact_id)
    history = await call.db.fetch(call.organisation, HISTORY, *key, before, limit + 1)
    present = await call.db.fetch(call.organisation, PRESENT, *key)
    return [dict(row) for row in history], [dict(row) for row in present]


async def check_consent(call: Call, contact_id: UUID, channel: str, purpose: str) -> State:
    found_by_id = reads.find_record(call, CONTACTS, contact_id)
    await or_gone(call, CONTACTS, str(contact_id), found_by_id)
    key = (call.organisation, contact_id)
    found = await call.db.fetchrow(call.organisation, CONTACT, *key)
    if found is None:
        raise NotFound(f"There is no contact with the id {str(contact_id)!r}.")
    said = await call.db.fetchrow(call.organisation, ABOUT, *key, channel, purpose)
    contact, entry = dict(found), None if said is None else dict(said)
    reason = rules.reason_for(
        entry, datetime.now(UTC), do_not_contact=contact["do_not_contact"],
        suppressed=await is_suppressed(call, contact["match_keys"]),
    )  # fmt: skip
    return {
        "allowed": reason == "granted", "reason": reason, "channel": channel, "purpose": purpose,
        "evidence": entry, "do_not_contact": _stop(contact),
    }  # fmt: skip


def _stop(contact: Mapping[str, Any]) -> dict[str, Any] | None:
    if not contact["do_not_contact"]:
        return None
    return {
        "reason": contact["do_not_contact_reason"],
        "since": contact["do_not_contact_since"],
    }
