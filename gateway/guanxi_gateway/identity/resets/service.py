"""A forgotten password: a link by mail, once, for an hour; silent about unknown addresses."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import email_digest, secret_digest
from guanxi_gateway.identity.directory import lock_directory
from guanxi_gateway.identity.errors import LinkExpired
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.lookups import Place
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.sessions.families import revoke_user
from guanxi_gateway.identity.users.service import load_user, set_password
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.identifiers import new_id
from guanxi_shared.mail import Letter

LIFE = timedelta(hours=1)
# A mailbox is not to be filled by others: so many links an hour for one user.
MOST_OPEN = 3
ADDRESS = """
SELECT email FROM users
WHERE organisation_id = $1 AND id = $2 AND is_active AND deleted_at IS NULL FOR UPDATE
"""
OPEN = """
SELECT count(*) FROM password_resets WHERE organisation_id = $1 AND user_id = $2
  AND expires_at > clock_timestamp()
"""
ADD = """
INSERT INTO password_resets (organisation_id, id, user_id, digest, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""
USE = """
UPDATE password_resets SET used_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND used_at IS NULL AND expires_at > clock_timestamp()
RETURNING user_id
"""


async def request_reset(house: House, email: str, *, actor: Actor) -> None:
    """To be run after the answer was sent, so that its length tells nothing either."""
    for place in await lookups.find(house.db, lookups.EMAIL, email_digest(email)):
        async with house.db.transaction(place.organisation_id) as connection:
            made = await _make_link(connection, place, actor)
        if made is not None:
            address, token = made
            here = identity(house)
            link = here.settings.password_reset_url.format(public_url=here.issuer, token=token)
            text = (
                "Somebody, probably you, asked for a new password.\n\n"
                f"Open this link within an hour to choose one:\n{link}\n\n"
                "If it was not you, nothing has changed and nothing has to be done.\n"
            )
            await here.mail.send(Letter(address, "Choose a new password", text))


async def complete_reset(house: House, token: str, password: str, *, actor: Actor) -> None:
    """Ends every session of the user; LinkExpired for a link that was used or is too old."""
    place = await lookups.find_one(house.db, lookups.RESET, secret_digest(token))
    if place is None:
        raise LinkExpired()
    organisation_id = place.organisation_id
    async with house.db.transaction(organisation_id) as connection:
        await lock_directory(connection, organisation_id)
        user_id = await connection.fetchval(USE, organisation_id, place.subject_id)
        if user_id is None:
            raise LinkExpired()
        ended = await _set(connection, organisation_id, user_id, password, actor)
    revoked_here(ended)


async def _set(
    connection: Connection, organisation_id: UUID, user_id: UUID, password: str, actor: Actor
) -> list[UUID]:
    user = await load_user(connection, organisation_id, user_id)
    by_user = Actor(user_id, "user", actor.channel, actor.request_id, actor.trace_id)
    await set_password(connection, user, password, actor=by_user)
    ended = await revoke_user(connection, organisation_id, user_id, because="password_reset")
    await write_audit(
        connection,
        organisation_id,
        "user.password_reset",
        actor=by_user,
        subject=f"user/{user_id}",
    )
    return ended


async def _make_link(connection: Connection, place: Place, actor: Actor) -> tuple[str, str] | None:
    organisation_id, user_id = place.organisation_id, place.subject_id
    address = await connection.fetchval(ADDRESS, organisation_id, user_id)
    if address is None or await connection.fetchval(OPEN, organisation_id, user_id) >= MOST_OPEN:
        return None
    token, reset_id = secrets.token_urlsafe(32), new_id()
    until = datetime.now(UTC) + LIFE
    await connection.execute(ADD, organisation_id, reset_id, user_id, secret_digest(token), until)
    await lookups.add(
        connection,
        lookups.RESET,
        secret_digest(token),
        organisation_id=organisation_id,
        subject_id=reset_id,
        expires_at=until,
    )
    await write_audit(
        connection,
        organisation_id,
        "user.password_reset_requested",
        actor=actor,
        subject=f"user/{user_id}",
    )
    return str(address), token
