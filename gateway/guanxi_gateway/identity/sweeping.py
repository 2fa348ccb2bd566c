"""What has run out is removed: tokens, links, codes, counters. Nothing depends on it being soon."""

from uuid import UUID

from guanxi_shared.db import Database

EXPIRED = "DELETE FROM lookups WHERE expires_at < now() - interval '1 day'"
FAILURES = "DELETE FROM failed_sign_ins WHERE last_failed_at < now() - interval '2 days'"
ORGANISATIONS = "SELECT subject_id FROM lookups WHERE kind = 'organisation'"
OF_ORGANISATION = (
    "DELETE FROM refresh_tokens WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM password_resets WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM oauth_codes WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM device_codes WHERE expires_at < now() - interval '1 day'",
    """
    DELETE FROM sessions s WHERE s.last_used_at < now() - interval '91 days'
      AND NOT EXISTS (SELECT FROM refresh_tokens t WHERE t.session_id = s.id)
    """,
    "DELETE FROM idempotency WHERE created_at < now() - interval '1 day'",
)


async def sweep(db: Database) -> None:
    """One short transaction for each organisation, so that no sign-in waits for it."""
    async with db.transaction(None) as connection:
        await connection.execute(EXPIRED)
        await connection.execute(FAILURES)
    for row in await db.pool.fetch(ORGANISATIONS):
        await _sweep_organisation(db, row["subject_id"])


async def _sweep_organisation(db: Database, organisation_id: UUID) -> None:
    async with db.transaction(organisation_id) as connection:
        for statement in OF_ORGANISATION:
            await connection.execute(statement)
