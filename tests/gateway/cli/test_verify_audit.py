"""guanxi verify-audit: what a superuser does to the log behind the gateway's back."""

import asyncio

import asyncpg
import httpx
import pytest

from tests.gateway.cli.conftest import Guanxi
from tests.gateway.cli.test_user import organisation_of, password_in, sign_in
from tests.gateway.identity.people import unique
from tests.prepared import Clone

TAMPERINGS = {
    "entry 2 was changed": """
        UPDATE gateway.audit_log SET entry = jsonb_set(entry, '{details}', '{"role": "sales"}')
        WHERE organisation_id = $1 AND position = 2""",
    "entry 2 is missing": """
        DELETE FROM gateway.audit_log WHERE organisation_id = $1 AND position = 2""",
    "entry 3 is missing": """
        DELETE FROM gateway.audit_log WHERE organisation_id = $1 AND position = 3""",
    "entry 1 is missing": """
        WITH gone AS (DELETE FROM gateway.audit_log WHERE organisation_id = $1)
        DELETE FROM gateway.audit_heads WHERE organisation_id = $1""",
    "entry 3 was changed (session.ended": """
        UPDATE gateway.audit_log SET action = 'session.ended'
        WHERE organisation_id = $1 AND position = 3""",
    "entry 1 was changed": """
        UPDATE gateway.audit_log SET occurred_at = occurred_at - interval '1 day'
        WHERE organisation_id = $1 AND position = 1""",
    "entry 3: head differs": """
        UPDATE gateway.audit_heads SET digest = sha256('x') WHERE organisation_id = $1""",
}


@pytest.fixture
def organisation(guanxi: Guanxi, gateway: str) -> str:
    """With three entries: it was made, a user was made, that user signed in."""
    address, email = f"admin@{unique()}.example", f"rep@{unique()}.example"
    made = organisation_of(guanxi("user", "organisation-create", "Acme", "--admin-email", address))
    hired = guanxi("user", "create", email, "--name", "R", "--role", "sales", "-o", made)
    assert sign_in(gateway, email, password_in(hired)).status_code == 200
    return made


async def tamper(database: Clone, statement: str, organisation: str) -> None:
    """With triggers off, as only a superuser can: they keep the log append-only."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(statement, organisation)
    finally:
        await connection.close()


def test_an_untouched_log_is_whole(guanxi: Guanxi, organisation: str) -> None:
    told = guanxi("verify-audit", "--organisation", organisation)
    assert told.exit_code == 0, told.output + repr(told.exception)
    assert "whole" in told.output
    assert "Acme" in told.output


@pytest.mark.parametrize("finding", TAMPERINGS)
def test_whatever_a_superuser_does_to_the_log_is_found_and_named(
    guanxi: Guanxi, organisation: str, database: Clone, finding: str
) -> None:
    asyncio.run(tamper(database, TAMPERINGS[finding], organisation))
    told = guanxi("verify-audit", "-o", organisation)
    assert told.exit_code == 1
    assert finding in told.output


def test_without_a_name_every_organisation_is_verified(guanxi: Guanxi, organisation: str) -> None:
    other = organisation_of(
        guanxi("user", "organisation-create", "Beta", "--admin-email", f"x@{unique()}.example")
    )
    told = guanxi("verify-audit")
    assert {"Acme", "Beta"} <= set(told.output.split())
    assert other


def test_the_gateway_itself_says_the_same(gateway: str, guanxi: Guanxi) -> None:
    address = f"admin@{unique()}.example"
    made = guanxi("user", "organisation-create", "Gamma", "--admin-email", address)
    token = sign_in(gateway, address, password_in(made)).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    verdict = httpx.get(f"{gateway}/v1/audit/verify", headers=headers).json()
    assert (verdict["is_intact"], verdict["entry_count"], verdict["broken"]) == (True, 2, None)
