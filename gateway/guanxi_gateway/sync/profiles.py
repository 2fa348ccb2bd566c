"""What a user wants on their phones."""

from typing import Final
from uuid import UUID

from guanxi_gateway.sync.schemas import Profile
from guanxi_shared.db import Database

FIND: Final = """
SELECT records, activity_days FROM sync_profiles WHERE organisation_id = $2 AND user_id = $3
"""
SET: Final = """
INSERT INTO sync_profiles (organisation_id, user_id, records, activity_days) VALUES ($1, $2, $3, $4)
ON CONFLICT (organisation_id, user_id) DO UPDATE
SET records = excluded.records, activity_days = excluded.activity_days, updated_at = clock_timestamp()
"""


async def get_profile(db: Database, organisation: UUID, user: UUID) -> Profile:
    row = await db.fetchrow(organisation, FIND, organisation, user)
    return Profile() if row is None else Profile(**dict(row))


async def set_profile(db: Database, organisation: UUID, user: UUID, profile: Profile) -> Profile:
    async with db.transaction(organisation) as connection:
        await connection.execute(SET, organisation, user, profile.records, profile.activity_days)
    return profile
