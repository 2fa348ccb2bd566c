"""Making an organisation with its first admin, and changing its settings."""

import hmac
from typing import Any
from uuid import UUID

from guanxi_gateway.identity import lookups
from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.digests import email_digest
from guanxi_gateway.identity.directory import (
    Touched,
    lock_directory,
    publish_directory,
    shown,
)
from guanxi_gateway.identity.errors import SetupClosed, WeakPassword
from guanxi_gateway.identity.organisations.schemas import OrganisationCreate, OrganisationUpdate
from guanxi_gateway.identity.password_rules import weaknesses
from guanxi_gateway.identity.passwords import hash_password
from guanxi_gateway.identity.rows import written
from guanxi_gateway.identity.settings import SetupSettings
from guanxi_shared.calls import Actor, House
from guanxi_shared.db import Connection
from guanxi_shared.errors import Unauthenticated
from guanxi_shared.identifiers import new_id

SETUP_LOCK = 4_771_003  # any number, the same for every replica

# An organisation's own entry in `lookups`: the one place where all of them can be counted.
KIND = "organisation"
COUNT = f"SELECT count(*) FROM lookups WHERE kind = '{KIND}'"
ADD = """
INSERT INTO organisations (organisation_id, id, name, time_zone, currency, region)
VALUES ($1, $1, $2, $3, $4, $5) RETURNING *
"""
ADD_ADMIN = """
INSERT INTO users (organisation_id, id, email, name, role, password_hash)
VALUES ($1, $2, $3, $4, 'admin', $5) RETURNING *
"""
CHANGE = """
UPDATE organisations SET name = $2, time_zone = $3, currency = $4, region = $5, rate_quota = $6,
  rate_window_seconds = $7, version = version + 1, updated_at = clock_timestamp()
WHERE organisation_id = $1 RETURNING *
"""
READ = "SELECT * FROM organisations WHERE organisation_id = $2"


async def demand_setup_token(house: House, token: str | None) -> None:
    """SetupClosed unless this is the very first organisation and the operator's token is right."""
    expected = SetupSettings().setup_token
    if token is None:
        raise Unauthenticated("Send a service token, or the setup token as X-Setup-Token.")
    if expected is None or not hmac.compare_digest(token.encode(), expected.encode()):
        raise Unauthenticated("The setup token is not the operator's.")
    if await house.db.pool.fetchval(COUNT):
        raise SetupClosed("There is an organisation already: the setup token has done its work.")


async def create_organisation(
    house: House, data: OrganisationCreate, *, actor: Actor, first: bool
) -> dict[str, Any]:
    """`first` refuses when another one was made meanwhile."""
    sentences = weaknesses(data.admin.password, email=data.admin.email)
    if sentences:
        raise WeakPassword(sentences, field="admin.password")
    password_hash = await hash_password(data.admin.password)
    organisation_id = data.id or new_id()
    async with house.db.transaction(organisation_id) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", SETUP_LOCK)
        if first and await connection.fetchval(COUNT):
            raise SetupClosed("There is an organisation already.")
        return await _create(connection, organisation_id, data, password_hash, actor)


async def _create(
    connection: Connection,
    organisation_id: UUID,
    data: OrganisationCreate,
    password_hash: str,
    actor: Actor,
) -> dict[str, Any]:
    row = await written(
        connection, ADD, organisation_id, data.name, data.time_zone, data.currency, data.region
    )
    admin_id = data.admin.id or new_id()
    admin = await written(
        connection,
        ADD_ADMIN,
        organisation_id,
        admin_id,
        data.admin.email,
        data.admin.name,
        password_hash,
    )
    places = {KIND: (organisation_id.bytes, organisation_id)}
    places[lookups.EMAIL] = (email_digest(data.admin.email), admin_id)
    for kind, (digest, subject_id) in places.items():
        await lookups.add(
            connection, kind, digest, organisation_id=organisation_id, subject_id=subject_id
        )
    touched = [
        Touched("organisation", "created", dict(row)),
        Touched("user", "created", dict(admin)),
    ]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    await write_audit(
        connection,
        organisation_id,
        "organisation.created",
        actor=actor,
        subject=f"organisation/{organisation_id}",
        details={"admin_id": admin_id},
    )
    return {**shown("organisation", row), "admin_id": admin_id}


async def get_organisation(house: House, organisation_id: UUID) -> dict[str, Any]:
    row = await house.db.fetchrow(organisation_id, READ, organisation_id)
    if row is None:
        raise Unauthenticated("This organisation is not here any more.")
    return shown("organisation", dict(row))


async def update_organisation(
    connection: Connection, organisation_id: UUID, data: OrganisationUpdate, *, actor: Actor
) -> dict[str, Any]:
    before = await lock_directory(connection, organisation_id)
    wanted = {**before, **data.model_dump(exclude_unset=True)}
    names = ("name", "time_zone", "currency", "region", "rate_quota", "rate_window_seconds")
    changed = [name for name in names if wanted[name] != before[name]]
    if not changed:
        return shown("organisation", before)
    after = await written(connection, CHANGE, organisation_id, *(wanted[name] for name in names))
    touched = [Touched("organisation", "updated", dict(after), dict(before))]
    await publish_directory(connection, organisation_id, touched, actor=actor)
    await write_audit(
        connection,
        organisation_id,
        "organisation.updated",
        actor=actor,
        subject=f"organisation/{organisation_id}",
        details={"changed": changed},
    )
    return shown("organisation", after)
