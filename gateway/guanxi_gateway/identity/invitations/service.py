"""Invitations: a link that becomes a user, in the name and within the rights of who sent it."""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.actors import Device
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import secret_digest
from guanxi_gateway.identity.directory import lock_directory
from guanxi_gateway.identity.errors import LinkExpired
from guanxi_gateway.identity.identity import Identity, identity
from guanxi_gateway.identity.invitations.schemas import InvitationAccept, InvitationCreate
from guanxi_gateway.identity.rows import found, written
from guanxi_gateway.identity.sessions.families import NewSession
from guanxi_gateway.identity.sessions.service import open_session
from guanxi_gateway.identity.users.rights import checked_hash, demand_grantable
from guanxi_gateway.identity.users.schemas import UserCreate
from guanxi_gateway.identity.users.service import add_user
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, NotFound
from guanxi_shared.identifiers import new_id
from guanxi_shared.mail import Letter

LIFE = timedelta(days=7)
COLUMNS = """
id, email, name, role, team_ids, invited_by_id, expires_at, accepted_at, version, created_at,
updated_at
"""
ADD = f"""
INSERT INTO invitations (organisation_id, id, email, name, role, team_ids, digest, invited_by_id,
  expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING {COLUMNS}
"""
TAKEN = """
SELECT count(*) FROM users WHERE organisation_id = $1 AND lower(email) = lower($2)
  AND deleted_at IS NULL
"""
OPEN = f"""
SELECT {COLUMNS} FROM invitations WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
  AND accepted_at IS NULL AND expires_at > clock_timestamp() FOR UPDATE
"""
LOAD = f"""
SELECT {COLUMNS} FROM invitations WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL
FOR UPDATE
"""
CLOSE = """
UPDATE invitations SET accepted_at = clock_timestamp(), version = version + 1,
  updated_at = clock_timestamp() WHERE organisation_id = $1 AND id = $2
"""
DROP = f"""
UPDATE invitations SET deleted_at = clock_timestamp(), version = version + 1,
  updated_at = clock_timestamp()
WHERE organisation_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING {COLUMNS}
"""
NAME = "SELECT name FROM organisations WHERE organisation_id = $1"


async def create_invitation(
    connection: Connection, data: InvitationCreate, *, by: Principal, actor: Actor
) -> tuple[dict[str, Any], str]:
    """The invitation as it is listed, and the token of its link."""
    await demand_grantable(connection, by, data.role)
    organisation_id = by.organisation
    if await connection.fetchval(TAKEN, organisation_id, data.email):
        raise Conflict(
            "A user with this address exists already.",
            errors={"email": "This value is taken already."},
            code="not_unique",
        )
    token, invitation_id = secrets.token_urlsafe(32), data.id or new_id()
    until = datetime.now(UTC) + LIFE
    row = await written(connection, ADD, organisation_id, invitation_id, data.email, data.name, data.role,
        list(data.team_ids), secret_digest(token), by.user_id, until,
    )  # fmt: skip
    await lookups.add(
        connection,
        lookups.INVITATION,
        secret_digest(token),
        organisation_id=organisation_id,
        subject_id=invitation_id,
        expires_at=until,
    )
    await write_audit(
        connection,
        organisation_id,
        "invitation.created",
        actor=actor,
        subject=f"invitation/{invitation_id}",
        details={"role": data.role},
    )
    return dict(row), token


def link_of(here: Identity, token: str) -> str:
    return here.settings.invitation_url.format(public_url=here.issuer, token=token)


async def send_invitation(house: House, by: Principal, email: str, link: str) -> None:
    """After the commit: a letter must not speak of what was rolled back."""
    organisation = await house.db.fetchrow(
        by.organisation, NAME.replace("$1", "$2"), by.organisation
    )
    name = organisation["name"] if organisation is not None else "Guanxi"
    text = (
        f"{by.name or 'Somebody'} invites you to {name}.\n\n"
        f"Open this link within seven days to choose your password:\n{link}\n"
    )
    await identity(house).mail.send(Letter(email, f"Invitation to {name}", text))


async def accept_invitation(
    house: House, data: InvitationAccept, device: Device, *, actor: Actor
) -> tuple[UUID, dict[str, Any]]:
    """The organisation, and the tokens of its new user."""
    place = await lookups.find_one(house.db, lookups.INVITATION, secret_digest(data.token))
    if place is None:
        raise LinkExpired()
    organisation_id = place.organisation_id
    async with house.db.transaction(organisation_id) as connection:
        await lock_directory(connection, organisation_id)
        invitation = await found(connection, OPEN, organisation_id, place.subject_id)
        if invitation is None:
            raise LinkExpired()
        user = await _become_user(connection, organisation_id, invitation, data, actor)
        new = NewSession(
            organisation_id,
            UUID(str(user["id"])),
            "invitation",
            user_agent=device.user_agent,
            network_address=device.network_address,
        )
        return organisation_id, await open_session(connection, identity(house), new, actor=actor)


async def load_invitation(
    connection: Connection, organisation_id: UUID, invitation_id: UUID
) -> dict[str, Any]:
    row = await found(connection, LOAD, organisation_id, invitation_id)
    if row is None:
        raise NotFound(f"There is no invitation with the id {str(invitation_id)!r}.")
    return row


async def delete_invitation(
    connection: Connection, organisation_id: UUID, invitation_id: UUID, *, actor: Actor
) -> dict[str, Any]:
    """Under the lock of `load_invitation`."""
    row = await written(connection, DROP, organisation_id, invitation_id)
    await lookups.drop(
        connection, lookups.INVITATION, organisation_id=organisation_id, subject_id=invitation_id
    )
    await write_audit(
        connection,
        organisation_id,
        "invitation.deleted",
        actor=actor,
        subject=f"invitation/{invitation_id}",
    )
    return dict(row)


async def _become_user(
    connection: Connection,
    organisation_id: UUID,
    invitation: Mapping[str, Any],
    data: InvitationAccept,
    actor: Actor,
) -> dict[str, Any]:
    email = invitation["email"]
    password_hash = await checked_hash(data.password, email=email)
    wanted = UserCreate(
        email=email,
        name=data.name,
        role=invitation["role"],
        team_ids=list(invitation["team_ids"]),
        time_zone=data.time_zone,
    )
    user = await add_user(connection, organisation_id, wanted, password_hash, actor=actor)
    await connection.execute(CLOSE, organisation_id, invitation["id"])
    await write_audit(
        connection,
        organisation_id,
        "invitation.accepted",
        actor=Actor(user["id"], "user", actor.channel, actor.request_id, actor.trace_id),
        subject=f"invitation/{invitation['id']}",
        details={"user_id": user["id"], "role": invitation["role"]},
    )
    return user
