import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import orjson
import pytest

from guanxi_gateway.identity.audit import write_audit
from guanxi_gateway.identity.audit_rules import Link, Tip, verify_chain
from guanxi_gateway.identity.audit_trail.heard import TYPES, apply_audit_event
from guanxi_gateway.identity.identity import identity
from guanxi_gateway.identity.keyring import Keyring
from guanxi_gateway.identity.sealing import purpose_key
from guanxi_gateway.identity.sweeping import sweep
from guanxi_gateway.limits_rules import TAKE_SQL, Limit
from guanxi_shared.auth import sign_service_token
from guanxi_shared.calls import Actor, House
from guanxi_shared.feed.patterns import matches_type
from tests.gateway.identity.conftest import service_token
from tests.gateway.identity.people import PASSWORD, Company, unique
from tests.prepared import Clone
from tests.stand_in import SECRET

Found = Callable[[], Awaitable[Company]]


def a_body(email: str | None = None) -> dict[str, object]:
    admin = {
        "email": email or f"{unique()}@people.example",
        "name": "Boss",
        "password": PASSWORD,
    }
    return {"name": "New", "admin": admin}


async def test_sign_ins_and_permission_changes_are_in_the_log(company: Company) -> None:
    rep = await company.hire("sales")
    await company.admin.patch(f"/v1/users/{rep.id}", {"role": "manager"})
    await rep.sign_in("wrong password")
    entries = (await company.admin.get("/v1/audit")).json()["data"]
    actions = [entry["entry"]["action"] for entry in entries]
    assert actions == [
        "session.refused",
        "user.updated",
        "session.started",
        "user.created",
        "session.started",
        "organisation.created",
    ]
    update = entries[1]["entry"]
    assert update["actor_id"] == company.admin.id
    assert update["details"]["role_before"] == "sales"
    only = await company.admin.get("/v1/audit", params={"action": "session", "limit": 2})
    assert [e["entry"]["action"] for e in only.json()["data"]] == [
        "session.refused",
        "session.started",
    ]
    assert only.json()["page"]["has_more"] is True


async def test_no_secret_is_written_to_the_log(company: Company) -> None:
    made = (await company.admin.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})).json()
    await company.admin.post("/v1/auth/refresh", {"refresh_token": "x"})
    text = (await company.admin.post("/v1/audit/export")).text
    for secret in (PASSWORD, made["key"], company.admin.tokens["refresh_token"]):
        assert secret not in text


async def test_the_export_proves_itself(company: Company) -> None:
    await company.hire("sales")
    lines = (await company.admin.post("/v1/audit/export")).text.splitlines()
    rows = [orjson.loads(line) for line in lines]
    links = [Link(r["position"], r["entry"], bytes.fromhex(r["digest"])) for r in rows]
    tip = verify_chain(links)
    assert isinstance(tip, Tip)
    verdict = (await company.admin.get("/v1/audit/verify")).json()
    assert (verdict["is_intact"], verdict["broken"]) == (True, None)
    assert verdict["head"] == tip.digest.hex()
    assert rows[-1]["entry"]["action"] == "audit.exported"


async def test_the_log_cannot_be_changed_by_the_service_or_the_owner(
    company: Company, house: House, database: Clone
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with house.db.transaction(UUID(company.id)) as connection:
            await connection.execute("UPDATE audit_log SET action = 'nothing'")
    owner = await asyncpg.connect(database.urls["gateway"].owner)
    try:
        for statement in ("DELETE FROM audit_log", "TRUNCATE audit_log"):
            await owner.execute(f"SET app.organisation_id = '{company.id}'")
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await owner.execute(statement)
    finally:
        await owner.close()


async def test_a_superuser_who_changes_an_entry_is_found_out(
    company: Company, database: Clone
) -> None:
    await company.hire("sales")
    superuser = await asyncpg.connect(database.admin_url)
    try:
        await superuser.execute("SET session_replication_role = replica")
        await superuser.execute(
            "UPDATE gateway.audit_log SET entry = jsonb_set(entry, '{action}', '\"nothing\"') "
            "WHERE organisation_id = $1 AND position = 2",
            UUID(company.id),
        )
    finally:
        await superuser.close()
    verdict = (await company.admin.get("/v1/audit/verify")).json()
    assert verdict["is_intact"] is False
    assert verdict["broken"] == {"position": 2, "reason": "changed"}


async def test_entries_written_at_once_make_one_chain(company: Company, house: House) -> None:
    organisation = UUID(company.id)

    async def write(number: int) -> None:
        async with house.db.transaction(organisation) as connection:
            await write_audit(
                connection,
                organisation,
                "test.written",
                actor=Actor(None, "test", "test"),
                details={"number": number, "text": "é关系😀"},
            )

    await asyncio.gather(*(write(number) for number in range(40)))
    verdict = (await company.admin.get("/v1/audit/verify")).json()
    assert verdict["is_intact"] is True
    assert verdict["entry_count"] == 42


async def test_the_log_is_for_admins_of_that_organisation(
    company: Company, found_company: Found
) -> None:
    manager = await company.hire("manager")
    for path in ("/v1/audit", "/v1/audit/verify"):
        assert (await manager.get(path)).status_code == 403
    other = await found_company()
    text = (await other.admin.post("/v1/audit/export")).text
    assert company.id not in text
    assert company.admin.id not in text


@pytest.mark.parametrize("headers", [{}, {"x-setup-token": "wrong"}, {"authorization": "Bearer x"}])
async def test_a_stranger_cannot_make_an_organisation(
    anybody: httpx.AsyncClient, company: Company, headers: dict[str, str]
) -> None:
    answer = await anybody.post("/v1/organisations", json=a_body(), headers=headers)
    assert answer.status_code in (401, 403)


async def test_neither_an_admin_nor_a_token_for_another_service_makes_one(
    company: Company, anybody: httpx.AsyncClient
) -> None:
    assert (await company.admin.post("/v1/organisations", a_body())).status_code in (401, 403)
    token = sign_service_token(SECRET, issuer="cli", audience="contacts", now=time.time())
    headers = {"authorization": f"Bearer {token}"}
    answer = await anybody.post("/v1/organisations", json=a_body(), headers=headers)
    assert answer.status_code == 401


async def test_the_setup_token_is_good_for_the_very_first_organisation_alone(
    company: Company, anybody: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "a setup token of the operator"
    monkeypatch.setenv("GUANXI_SETUP_TOKEN", token)
    headers = {"x-setup-token": token}
    answer = await anybody.post("/v1/organisations", json=a_body(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "setup_closed")


async def test_a_weak_first_password_is_refused(anybody: httpx.AsyncClient) -> None:
    body = a_body()
    body["admin"]["password"] = "short"  # type: ignore[index]
    headers = {"authorization": f"Bearer {service_token()}"}
    answer = await anybody.post("/v1/organisations", json=body, headers=headers)
    assert answer.status_code == 422
    assert "admin.password" in answer.json()["errors"]


async def test_an_admin_changes_the_organisation_and_services_hear_of_it(
    company: Company, house: House
) -> None:
    changed = await company.admin.patch(
        "/v1/organisation", {"name": "新名", "time_zone": "Europe/Vienna", "currency": "EUR"}
    )
    assert changed.status_code == 200, changed.text
    row = await house.db.fetchrow(
        company.id,
        "SELECT name, time_zone, currency FROM directory_state WHERE organisation_id = $2",
        company.id,
    )
    assert row is not None
    assert tuple(row.values()) == ("新名", "Europe/Vienna", "EUR")
    rep = await company.hire("sales")
    assert (await rep.patch("/v1/organisation", {"name": "X"})).status_code == 403
    assert (await rep.get("/v1/organisation")).json()["name"] == "新名"


async def test_keys_rotate_without_ending_a_session(company: Company, house: House) -> None:
    keyring = identity(house).keyring
    now = datetime.now(UTC)
    first = await keyring.signer(now)
    before = {key["kid"] for key in (await keyring.document(now))["keys"]}
    await keyring.rotate(now + timedelta(days=30) - timedelta(minutes=30))
    after = {key["kid"] for key in (await keyring.document(now))["keys"]}
    assert before < after
    assert (await keyring.signer(now)).kid == first.kid
    later = now + timedelta(days=31)
    assert (await keyring.signer(later)).kid != first.kid
    assert (await company.admin.get("/v1/me")).status_code == 200


async def test_keys_sealed_with_another_secret_verify_but_do_not_sign(
    company: Company, house: House
) -> None:
    now = datetime.now(UTC)
    here = await identity(house).keyring.document(now)
    other = Keyring(house.db, purpose_key("another secret of thirty-two bytes", "signing-keys"))
    signer = await other.signer(now)
    assert signer.kid not in {key["kid"] for key in here["keys"]}
    there = await other.document(now)
    assert {key["kid"] for key in here["keys"]} <= {key["kid"] for key in there["keys"]}


async def test_keys_sealed_before_the_gateway_had_a_secret_of_its_own_go_on_signing(
    company: Company, house: House
) -> None:
    now = datetime.now(UTC)
    signer = await identity(house).keyring.signer(now)
    fresh = purpose_key("a new secret of thirty-two bytes", "signing-keys")
    before = purpose_key(SECRET, "signing-keys")
    assert (await Keyring(house.db, fresh, before).signer(now)).kid == signer.kid


async def test_private_keys_are_sealed_and_only_the_gateway_reads_them(
    house: House, database: Clone, company: Company
) -> None:
    rows = await house.db.pool.fetch("SELECT sealed_key, public_jwk::text FROM signing_keys")
    assert rows
    assert not any("PRIVATE" in row["sealed_key"] or '"d"' in row["public_jwk"] for row in rows)
    for role in (database.urls["contacts"].request, database.urls["gateway"].feed):
        stranger = await asyncpg.connect(role)
        try:
            for table in ("signing_keys", "lookups", "users"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await stranger.fetch(f"SELECT * FROM gateway.{table}")
        finally:
            await stranger.close()


async def test_the_lookup_table_holds_no_plain_address_or_secret(
    company: Company, house: House
) -> None:
    await company.admin.post("/v1/api-keys", {"name": "x", "scopes": ["*:*"]})
    rows = await house.db.pool.fetch("SELECT * FROM lookups")
    text = str([dict(row) for row in rows]).encode()
    assert company.admin.email.encode() not in text
    assert b"gx_live" not in text


async def test_the_rate_limit_statement_is_exact_under_concurrency(house: House) -> None:
    limit = Limit("test", quota=10, window=3600, burst=20)
    key = unique()

    async def take() -> bool:
        row = await house.db.pool.fetchrow(TAKE_SQL, key, limit.seconds_for(1), limit.tolerance)
        return row is not None and bool(row["allowed"])

    first = await take()
    passed = await asyncio.gather(*(take() for _ in range(60)))
    assert first
    assert sum(passed) == limit.burst - 1


async def test_merges_and_exports_of_other_services_are_heard_once(
    company: Company, house: House
) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "organisation_id": company.id,
        "type": "contacts.account.merged",
        "subject_type": "account",
        "subject_id": str(uuid.uuid4()),
        "version": 3,
        "actor_id": company.admin.id,
        "actor_kind": "user",
        "channel": "api",
        "occurred_at": "2026-11-22T08:00:00Z",
        "after": {},
    }
    assert all(
        matches_type(kind, TYPES)
        for kind in (
            "contacts.account.merged",
            "contacts.contact.erased",
            "contacts.export.exported",
        )
    )
    for _ in range(2):
        async with house.db.transaction(UUID(company.id)) as connection:
            await apply_audit_event(connection, event)
    found = await company.admin.get("/v1/audit", params={"action": "contacts.account.merged"})
    entries = found.json()["data"]
    assert [entry["entry"]["subject"] for entry in entries] == [f"account/{event['subject_id']}"]
    assert (await company.admin.get("/v1/audit/verify")).json()["is_intact"] is True


async def test_the_sweep_removes_what_has_run_out_and_nothing_else(
    company: Company, house: House
) -> None:
    async with house.db.transaction(UUID(company.id)) as connection:
        await connection.execute(
            "INSERT INTO refresh_tokens (organisation_id, id, session_id, digest, expires_at) "
            "SELECT organisation_id, gen_random_uuid(), id, 'old', now() - interval '2 days' "
            "FROM sessions LIMIT 1"
        )
    await sweep(house.db)
    rows = await house.db.fetch(
        company.id, "SELECT digest FROM refresh_tokens WHERE organisation_id = $2", company.id
    )
    assert len(rows) == 1
    assert rows[0]["digest"] != b"old"
    body = {"refresh_token": company.admin.tokens["refresh_token"]}
    assert (await company.client.post("/v1/auth/refresh", json=body)).status_code == 200
