"""Planned invitations whose time has come go out, or are dropped for a reason; each once, whatever dies.

Nobody is asked too often, whatever the surveys: who may be asked about a person takes turns (an advisory
lock that is held until the commit) and looks when they were asked last.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from guanxi_shared import records
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import NotFound
from guanxi_shared.visibility import EVERYTHING
from guanxi_tickets.letters.writing import write_survey_letter
from guanxi_tickets.survey_sending import rules
from guanxi_tickets.survey_sending.planning import ACTOR
from guanxi_tickets.survey_sending.resources import INVITATIONS

ABOUT: Final = """
SELECT s.edition, s.valid_days, s.quiet_days, s.is_active AND s.deleted_at IS NULL AS survey_is_on,
  t.status_kind, t.reopened_count, EXISTS (SELECT 1 FROM known_contacts c
    WHERE c.organisation_id = $1 AND c.id = $4 AND c.deleted_at IS NOT NULL) AS contact_is_gone
FROM surveys s LEFT JOIN tickets t
  ON t.organisation_id = s.organisation_id AND t.id = $3 AND t.deleted_at IS NULL
WHERE s.organisation_id = $1 AND s.id = $2
"""
TURNS: Final = (
    "SELECT pg_advisory_xact_lock(hashtextextended('survey of ' || $1::text || $2::text, 0))"
)
ASKED: Final = """
SELECT 1 FROM survey_invitations
WHERE organisation_id = $1 AND contact_id = $2 AND sent_at > $3 LIMIT 1
"""


async def send_planned(database: Database, organisation: UUID, invitation_id: UUID) -> bool:
    """Whether it was still to be sent."""
    async with database.transaction(organisation) as connection:
        try:
            loaded = await records.load_record(
                connection, INVITATIONS, invitation_id, scope=EVERYTHING
            )
        except NotFound:
            return False
        row, now = loaded.row, datetime.now(UTC)
        if row["status"] != "planned" or row["send_at"] > now:
            return False
        about = await about_survey(
            connection, organisation, row["survey_id"], row["ticket_id"], row["contact_id"]
        )
        reason = rules.why_not(row, about) or await _asked_lately(connection, row, about, now)
        changes = sent(about, now) if reason is None else {"status": "dropped", "reason": reason}
        await records.update_record(
            connection, INVITATIONS, loaded, changes, actor=ACTOR, verb=changes["status"], at=now
        )
        if reason is None:
            await write_survey_letter(connection, organisation, invitation_id, row["ticket_id"])
        return True


async def about_survey(
    connection: Connection, organisation: UUID, survey_id: UUID, ticket_id: UUID | None,
    contact_id: UUID | None,
) -> Mapping[str, Any]:  # fmt: skip
    row = await connection.fetchrow(ABOUT, organisation, survey_id, ticket_id, contact_id)
    assert row is not None
    return dict(row)


async def _asked_lately(
    connection: Connection, row: Mapping[str, Any], about: Mapping[str, Any], now: datetime
) -> str | None:
    asked = (row["organisation_id"], row["contact_id"])
    is_tired = await was_asked(connection, *asked, days=about["quiet_days"], now=now)
    return "asked_lately" if is_tired else None


async def was_asked(
    connection: Connection, organisation: UUID, contact_id: UUID, *, days: int, now: datetime
) -> bool:
    """By any survey within so many days; whoever asks it, too, waits until this transaction ends."""
    await connection.execute(TURNS, str(organisation), str(contact_id))
    since = now - timedelta(days=days)
    return await connection.fetchval(ASKED, organisation, contact_id, since) is not None


def sent(about: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """From now on it can be answered: what is asked now, for as long as the survey says."""
    expires_at = (now + timedelta(days=about["valid_days"])).replace(microsecond=0)
    return {
        "status": "sent", "sent_at": now, "edition": about["edition"], "expires_at": expires_at,
    }  # fmt: skip
