"""What a signed-in user sees and changes of themselves."""

from typing import Any

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.directory import lock_directory
from guanxi_gateway.identity.errors import SecondFactorRefused, SignInRefused
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.me.schemas import PasswordChange, ProfileUpdate
from guanxi_gateway.identity.organisations.service import get_organisation
from guanxi_gateway.identity.passwords import check_password
from guanxi_gateway.identity.revocations import revoked_here
from guanxi_gateway.identity.rows import found
from guanxi_gateway.identity.second_factor.service import (
    begin_enrolment,
    confirm_enrolment,
    passes_factor,
    remove_factor,
)
from guanxi_gateway.identity.sessions.attempts import Attempts
from guanxi_gateway.identity.sessions.families import revoke_user
from guanxi_gateway.identity.users.rights import demand_session, demand_whole, person
from guanxi_gateway.identity.users.service import load_user, set_password, set_profile, state_of
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Actor, House
from guanxi_shared.errors import Unauthenticated

USER = """
SELECT u.*, o.directory_version FROM users u JOIN organisations o USING (organisation_id)
WHERE u.organisation_id = $1 AND u.id = $2 AND u.deleted_at IS NULL
"""


async def get_me(house: House, by: Principal) -> dict[str, Any]:
    user_id = person(by)
    async with house.db.transaction(by.organisation) as connection:
        row = await found(connection, USER, by.organisation, user_id)
        if row is None:
            raise Unauthenticated("This account is not there any more.")
        state = await state_of(connection, row)
    return {
        **state,
        "organisation": await get_organisation(house, by.organisation),
        "permissions": sorted(by.permissions),
        "visibility": dict(by.visibility),
        "scopes": None if by.scopes is None else sorted(by.scopes),
        "session_id": by.session_id,
        "directory_version": row["directory_version"],
    }


async def update_me(
    house: House, data: ProfileUpdate, *, by: Principal, actor: Actor
) -> dict[str, Any]:
    user_id = demand_whole(by)
    async with house.db.transaction(by.organisation) as connection:
        await lock_directory(connection, by.organisation)
        user = await load_user(connection, by.organisation, user_id)
        changes = data.model_dump(exclude_unset=True)
        return await set_profile(connection, user, changes, actor=actor)


async def change_password(
    house: House, data: PasswordChange, *, by: Principal, actor: Actor
) -> None:
    """Ends every other session. A wrong present password counts as a failed sign-in."""
    user_id = demand_session(by)
    async with house.db.transaction(by.organisation) as connection:
        user = await load_user(connection, by.organisation, user_id)
    attempts = Attempts(user["email"], None)
    await attempts.demand_unlocked(house.db)
    check = await check_password(data.current_password, user["password_hash"])
    if not check.matches:
        await attempts.failed(house.db)
        raise SignInRefused("The present password is wrong.")
    async with house.db.transaction(by.organisation) as connection:
        await lock_directory(connection, by.organisation)
        user = await load_user(connection, by.organisation, user_id)
        await set_password(connection, user, data.new_password, actor=actor)
        ended = await revoke_user(
            connection, by.organisation, user_id, because="password_changed", but=by.session_id
        )
        await write_audit(
            connection,
            by.organisation,
            "user.password_changed",
            actor=actor,
            subject=f"user/{user_id}",
        )
    revoked_here(ended)


async def enrol_totp(house: House, *, by: Principal) -> dict[str, str]:
    user_id = demand_session(by)
    async with house.db.transaction(by.organisation) as connection:
        return await begin_enrolment(connection, identity(house), by.organisation, user_id)


async def confirm_totp(house: House, code: str, *, by: Principal, actor: Actor) -> list[str]:
    user_id = demand_session(by)
    async with house.db.transaction(by.organisation) as connection:
        return await confirm_enrolment(
            connection, identity(house), by.organisation, user_id, code=code, actor=actor
        )


async def remove_totp(house: House, code: str, *, by: Principal, actor: Actor) -> None:
    """Needs a code: a session left open on a desk is not enough. A wrong one counts as a failed
    sign-in, so that guessing ends soon."""
    user_id = demand_session(by)
    async with house.db.transaction(by.organisation) as connection:
        user = await load_user(connection, by.organisation, user_id)
    attempts = Attempts(user["email"], None)
    await attempts.demand_unlocked(house.db)
    async with house.db.transaction(by.organisation) as connection:
        await lock_directory(connection, by.organisation)
        here = identity(house)
        passed = await passes_factor(connection, here, by.organisation, user_id, code=code)
        if passed:
            await remove_factor(connection, by.organisation, user_id, actor=actor)
    if not passed:
        await attempts.failed(house.db)
        raise SecondFactorRefused()
