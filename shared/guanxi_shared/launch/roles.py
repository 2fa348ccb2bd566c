"""Three roles per service, none of which can leave its schema or see past row-level security.

NAME        answers requests: reads and writes rows of the organisation it has bound
NAME_feed   numbers and reads the events of all organisations; its grants come from migrations
NAME_owner  owns the schema and runs the migrations
"""

import base64
import hashlib
import hmac
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence

from asyncpg import Connection, InsufficientPrivilegeError

from guanxi_shared.launch.errors import LaunchError

ITERATIONS = 4096
NAME = re.compile(r"[a-z][a-z0-9_]{0,50}")

ATTRIBUTES = """
SELECT rolname, rolsuper OR rolbypassrls AS sees_all FROM pg_roles WHERE rolname = ANY($1::text[])
"""


def roles_of(service: str) -> tuple[str, str, str]:
    """The role of requests, of the feed, of migrations. They stand in SQL unquoted."""
    if not NAME.fullmatch(service):
        raise ValueError(f"{service!r} cannot be the name of a schema and its roles")
    return service, f"{service}_feed", f"{service}_owner"


async def ensure_roles(
    connection: Connection, services: Sequence[str], *, passwords: Mapping[str, str]
) -> None:
    wanted = [role for service in services for role in roles_of(service)]
    existing = {row["rolname"] for row in await connection.fetch(ATTRIBUTES, wanted)}
    for service in services:
        for role in roles_of(service):
            verb = "ALTER" if role in existing else "CREATE"
            try:
                await _write_role(connection, verb, role, password=passwords[role])
            except InsufficientPrivilegeError as error:
                raise _may_not(verb, role, error) from error
            await _set_defaults(connection, role, schema=service)
    await _refuse_all_seeing(connection, wanted)


async def _write_role(connection: Connection, verb: str, role: str, *, password: str) -> None:
    # Verifier instead of password: a failing statement ends up in the server's log.
    statement = f"{verb} ROLE {role} LOGIN PASSWORD '{scram_verifier(password)}'"
    await connection.execute(statement)


async def _set_defaults(connection: Connection, role: str, *, schema: str) -> None:
    await connection.execute(
        f"ALTER ROLE {role} SET search_path = {schema}, public;"
        f"ALTER ROLE {role} SET timezone = 'UTC';"
    )


async def _refuse_all_seeing(connection: Connection, wanted: Sequence[str]) -> None:
    rows = await connection.fetch(ATTRIBUTES, list(wanted))
    if named := [row["rolname"] for row in rows if row["sees_all"]]:
        raise LaunchError(
            f"These roles see rows of every organisation: {', '.join(named)}. Take that from them: "
            f"ALTER ROLE {named[0]} NOSUPERUSER NOBYPASSRLS."
        )


def _may_not(verb: str, role: str, error: InsufficientPrivilegeError) -> LaunchError:
    return LaunchError(
        f"The user of GUANXI_DATABASE_URL may not {verb.lower()} role {role} ({error.args[0]}): give a "
        "user with CREATEROLE there, or a superuser."
    )


def scram_verifier(password: str) -> str:
    """What Postgres stores for SCRAM-SHA-256 (RFC 5803)."""
    salt = os.urandom(16)
    plain = unicodedata.normalize("NFKC", password).encode()
    salted = hashlib.pbkdf2_hmac("sha256", plain, salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
