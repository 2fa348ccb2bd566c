"""What is known of a file: who sees it, who changes it, and how it goes."""

import os
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from guanxi_contacts.files.sweeping import sweep_files, sweep_storage
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.files.storage import storage_of
from tests.contacts.files.conftest import Blobs
from tests.factories import (
    Clients,
    Organisation,
    apply_to_directory,
    directory_event,
    share_state,
)

LONG_AGO = time.time() - 3 * 86_400


async def upload(client: Clients, user: Any, content: bytes = b"text", **asked: str) -> Any:
    answer = await client(user).post("/v1/files", params=asked, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def status(client: Clients, user: Any, path: str) -> int:
    return (await client(user).get(path)).status_code


async def test_a_file_is_seen_by_whom_its_owner_or_a_linked_record_is_seen_by(
    client: Clients, organisation: Organisation, service_database: Database
) -> None:
    rep, rep2, manager = organisation.rep, organisation.rep2, organisation.manager
    account = (await client(rep).post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    alone = await upload(client, rep)
    linked = await upload(client, rep, account_id=account)
    for made in (alone, linked):
        assert await status(client, rep2, f"/v1/files/{made['id']}") == 404
        assert await status(client, rep2, f"/v1/files/{made['id']}/content") == 404
        assert await status(client, manager, f"/v1/files/{made['id']}/content") == 200
    share = share_state(account, resource="accounts", user=rep2)
    await apply_to_directory(
        service_database, [directory_event(organisation.id, "share", share, version=2)]
    )
    listed = await _until_listed(client, rep2)
    assert listed == [linked["id"]]
    assert await status(client, rep2, f"/v1/files/{linked['id']}/content") == 200
    assert await status(client, rep2, f"/v1/files/{alone['id']}") == 404
    total = await client(rep2).get("/v1/files", params={"total": "exact"})
    assert total.json()["page"]["total"] == 1
    refused = await client(rep2).patch(f"/v1/files/{linked['id']}", json={"name": "mine"})
    assert (refused.status_code, refused.json()["code"]) == (403, "read_only")
    assert (await client(rep2).delete(f"/v1/files/{linked['id']}")).status_code == 403
    assert (await client(rep2).delete(f"/v1/files/{alone['id']}")).status_code == 404
    await client(rep).delete(f"/v1/accounts/{account}")
    assert await status(client, rep2, f"/v1/files/{linked['id']}") == 404
    assert await status(client, rep, f"/v1/files/{linked['id']}") == 200


async def _until_listed(client: Clients, user: Any) -> list[str]:
    """Scopes are remembered for a second."""
    deadline = time.monotonic() + 5
    while True:
        rows = (await client(user).get("/v1/files")).json()["data"]
        if rows or time.monotonic() > deadline:
            return [row["id"] for row in rows]


async def test_another_organisation_sees_nothing(
    client: Clients, organisation: Organisation, other_organisation: Organisation
) -> None:
    made = await upload(client, organisation.rep)
    admin = other_organisation.admin
    assert await status(client, admin, f"/v1/files/{made['id']}/content") == 404
    assert (await client(admin).get("/v1/files")).json()["data"] == []


async def test_files_are_listed_filtered_sorted_and_paged(
    client: Clients, organisation: Organisation, png: bytes
) -> None:
    rep = client(organisation.rep)
    for index in range(5):
        await upload(client, organisation.rep, b"x" * (index + 1), name=f"{index}.txt")
    await upload(client, organisation.rep, png, name="5.png")
    await upload(client, organisation.rep2, b"hidden", name="6.txt")
    found = await rep.get(
        "/v1/files", params={"content_type": "text/plain", "sort": "-size", "limit": 2}
    )
    names = [row["name"] for row in found.json()["data"]]
    cursor = found.json()["page"]["next_cursor"]
    rest = await rep.get(
        "/v1/files",
        params={"content_type": "text/plain", "sort": "-size", "limit": 3, "cursor": cursor},
    )
    assert names + [row["name"] for row in rest.json()["data"]] == [
        f"{i}.txt" for i in (4, 3, 2, 1, 0)
    ]
    assert 'rel="next"' in found.headers["link"]
    wrong = await rep.get("/v1/files", params={"blob_id": "x"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["blob_id"])


async def test_name_links_and_owner_can_be_changed_and_each_change_is_logged(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    person = (await rep.post("/v1/contacts", json={"name": "Ann"})).json()["id"]
    made = await upload(client, organisation.rep, name="a")
    path = f"/v1/files/{made['id']}"
    link = {"type": "contact", "id": person}
    changed = await rep.patch(path, json={"name": "b", "links": [link, link]})
    assert (changed.status_code, changed.json()["links"]) == (200, [link])
    stale = await rep.patch(path, json={"name": "c"}, headers={"if-match": '"1"'})
    assert stale.status_code == 412
    stranger = await client(organisation.rep2).post("/v1/contacts", json={"name": "Bob"})
    unseen = {"type": "contact", "id": stranger.json()["id"]}
    refused = await rep.patch(path, json={"links": [link, unseen]})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["contact_id"])
    assert (await rep.patch(path, json={"content_type": "text/html"})).status_code == 422
    history = (await rep.get(f"{path}/history")).json()["data"]
    assert [entry["type"] for entry in history] == [
        "contacts.file.updated",
        "contacts.file.created",
    ]
    assert sorted(history[0]["changed"]) == ["links", "name"]
    assert (await rep.get(path)).json()["version"] == 2


async def test_a_deleted_file_comes_back_until_it_is_purged(
    client: Clients, organisation: Organisation, service_database: Database, contacts: Edge, blobs: Blobs,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    made = await upload(client, organisation.rep)
    path = f"/v1/files/{made['id']}"
    assert (await rep.delete(path)).status_code == 200
    assert await status(client, organisation.rep, f"{path}/content") == 404
    assert (await rep.post(f"{path}/restore")).status_code == 200
    assert (await rep.get(f"{path}/content")).content == b"text"
    await rep.delete(path)
    settings = contacts.state.house.settings
    storage = storage_of(settings, "local")
    await sweep_storage(service_database, storage, settings)
    assert len(blobs.paths()) == 1  # not yet
    await sweep_storage(
        service_database, storage, settings.model_copy(update={"deleted_files_kept_days": 0})
    )
    assert blobs.paths() == []
    assert (await rep.post(f"{path}/restore")).status_code == 404


async def test_files_of_the_held_and_proofs_of_consents_are_not_purged(
    client: Clients, organisation: Organisation, service_database: Database, contacts: Edge, blobs: Blobs,
) -> None:  # fmt: skip
    admin = client(organisation.admin)
    person = (await admin.post("/v1/contacts", json={"name": "Ann"})).json()["id"]
    held = await upload(client, organisation.admin, b"held", contact_id=person)
    proof = await upload(client, organisation.admin, b"proof")
    said = {"channel": "email", "purpose": "marketing", "status": "granted", "source": "paper"}
    await admin.post(f"/v1/contacts/{person}/consents", json=said | {"file_id": proof["id"]})
    await admin.post(f"/v1/contacts/{person}/legal-hold", json={"reason": "Case 7"})
    for made in (held, proof):
        await admin.delete(f"/v1/files/{made['id']}")
    settings = contacts.state.house.settings.model_copy(update={"deleted_files_kept_days": 0})
    storage = storage_of(settings, "local")
    await sweep_storage(service_database, storage, settings)
    assert len(blobs.paths()) == 2
    await admin.delete(f"/v1/contacts/{person}/legal-hold")
    await sweep_storage(service_database, storage, settings)
    assert [path.read_bytes() for path in blobs.paths()] == [b"proof"]


async def test_the_sweeper_takes_bytes_without_a_row_and_nothing_else(
    client: Clients, organisation: Organisation, service_database: Database, blobs: Blobs,
    contacts: Edge, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in {"DATABASE_URL": "x", "FEED_DATABASE_URL": "x"}.items():
        monkeypatch.setenv(f"CONTACTS_{name}", value)
    monkeypatch.setenv("CONTACTS_FILES_DIR", str(contacts.state.house.settings.files_dir))
    await upload(client, organisation.rep)
    (kept,) = blobs.paths()
    young, orphan = (blobs.folder / f"01933f6e-5a7e-7cc2-9c3e-0b1c2d3e4f6{i}" for i in (1, 2))
    half, strange = blobs.incoming / "half.part", blobs.folder / "not-ours"
    for path in (young, orphan, half, strange):
        path.write_bytes(b"x")
    for path in (kept, orphan, half, strange):
        os.utime(path, (LONG_AGO, LONG_AGO))
    await sweep_files.duty(service_database)
    assert blobs.paths() == sorted([kept, young, strange])
    assert not half.exists()


async def test_a_snapshot_and_the_feed_tell_of_files_to_their_owners_readers(
    client: Clients, organisation: Organisation
) -> None:
    made = await upload(client, organisation.rep, name="geheim.txt")
    for user, sees in (
        (organisation.rep, True),
        (organisation.manager, True),
        (organisation.rep2, False),
    ):
        events = await client(user).get("/v1/events", params={"types": "contacts.file.*"})
        snapshot = await client(user).post("/v1/contacts/snapshot")
        assert ("geheim.txt" in events.text, made["id"] in snapshot.text) == (sees, sees)


async def test_times_are_the_moments_of_the_upload(
    client: Clients, organisation: Organisation
) -> None:
    before = datetime.now(UTC)
    made = await upload(client, organisation.rep)
    assert before <= datetime.fromisoformat(made["created_at"]) <= datetime.now(UTC)
