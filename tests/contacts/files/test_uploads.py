"""Files in: streamed, limited, checked, and nothing left of what was refused."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator

import pytest
from starlette.requests import ClientDisconnect

from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.contacts.files.conftest import Blobs
from tests.factories import Clients, Organisation

TEXT = "会议记录".encode()


async def test_a_file_is_kept_with_what_its_bytes_say(
    client: Clients, organisation: Organisation, png: bytes, blobs: Blobs
) -> None:
    rep = client(organisation.rep)
    answer = await rep.post(
        "/v1/files", params={"name": "logo.exe"}, content=png,
        headers={"content-type": "application/pdf"},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert answer.headers["location"] == f"/v1/files/{made['id']}"
    assert made["content_type"] == "image/png"
    assert made["declared_type"] == "application/pdf"
    assert (made["size"], made["sha256"]) == (len(png), hashlib.sha256(png).hexdigest())
    assert (made["links"], made["owner_id"]) == ([], str(organisation.rep.id))
    assert (await rep.get(f"/v1/files/{made['id']}")).json() == made
    assert [path.read_bytes() for path in blobs.paths()] == [png]
    assert blobs.paths()[0].name != made["id"]
    assert blobs.under_way() == []


async def test_a_form_and_a_header_name_a_file_as_well(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    form = await rep.post("/v1/files", files={"file": ("笔记.txt", TEXT, "text/html")})
    assert (form.status_code, form.json()["name"]) == (201, "笔记.txt")
    assert form.json()["content_type"] == "text/plain"
    named = await rep.post(
        "/v1/files", content=TEXT,
        headers={"content-disposition": "attachment; filename*=UTF-8''%E7%AC%94.md",
                 "content-type": "text/markdown"},
    )  # fmt: skip
    assert (named.json()["name"], named.json()["content_type"]) == ("笔.md", "text/markdown")


async def test_a_file_belongs_to_records_that_its_sender_sees(
    client: Clients, organisation: Organisation
) -> None:
    rep = client(organisation.rep)
    account = (await rep.post("/v1/accounts", json={"name": "Acme"})).json()["id"]
    person = (await rep.post("/v1/contacts", json={"name": "Ann"})).json()["id"]
    asked = {"account_id": account, "contact_id": person}
    made = await rep.post("/v1/files", params=asked, content=TEXT)
    assert made.json()["links"] == [
        {"type": "account", "id": account}, {"type": "contact", "id": person},
    ]  # fmt: skip
    listed = await rep.get("/v1/files", params={"contact_id": person})
    assert [row["id"] for row in listed.json()["data"]] == [made.json()["id"]]
    assert (await rep.get("/v1/files", params={"contact_id": account})).json()["data"] == []


async def test_a_record_that_is_not_seen_takes_no_file_and_no_byte_stays(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    hidden = (await client(organisation.rep).post("/v1/accounts", json={"name": "A"})).json()["id"]
    stranger = client(organisation.rep2)
    for asked in (
        {"account_id": hidden},
        {"contact_id": str(new_id())},
        {"activity_id": str(new_id())},
    ):
        answer = await stranger.post("/v1/files", params=asked, content=TEXT)
        assert answer.status_code == 422, answer.text
        assert next(iter(asked)) in answer.json()["errors"]
    assert blobs.paths() == []
    assert blobs.under_way() == []


async def test_a_checksum_that_differs_keeps_nothing(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    rep = client(organisation.rep)
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    answer = await rep.post(
        "/v1/files", content=TEXT, headers={"content-digest": f"sha-256=:{wrong}:"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "checksum_mismatch")
    broken = await rep.post("/v1/files", content=TEXT, headers={"x-checksum-sha256": "abc"})
    assert (broken.status_code, list(broken.json()["errors"])) == (400, ["X-Checksum-Sha256"])
    right = hashlib.sha256(TEXT).hexdigest()
    kept = await rep.post("/v1/files", content=TEXT, headers={"x-checksum-sha256": right})
    assert kept.status_code == 201
    assert len(blobs.paths()) == 1
    assert blobs.under_way() == []


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_file_that_is_too_long_is_refused_in_the_middle(
    client: Clients, organisation: Organisation, contacts: Edge, blobs: Blobs,
    monkeypatch: pytest.MonkeyPatch, is_announced: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(contacts.state.house.settings, "max_file_bytes", 1000)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100

    content = b"x" * 2000 if is_announced else pieces()
    answer = await client(organisation.rep).post("/v1/files", content=content)
    assert answer.status_code == 413, answer.text
    form = await client(organisation.rep).post("/v1/files", files={"file": b"x" * 2000})
    assert form.status_code == 413
    assert blobs.paths() == []
    assert blobs.under_way() == []


async def test_an_upload_that_breaks_off_leaves_nothing(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"half of "
        raise ClientDisconnect

    answer = await client(organisation.rep).post("/v1/files", content=pieces())
    assert answer.status_code == 400
    assert blobs.paths() == []
    assert blobs.under_way() == []


async def test_programs_and_what_the_setting_denies_are_refused(
    client: Clients, organisation: Organisation, contacts: Edge, png: bytes, blobs: Blobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rep = client(organisation.rep)
    program = b"MZ\x90\0" + b"\0" * 100
    refused = await rep.post(
        "/v1/files", params={"name": "a.pdf"}, content=program,
        headers={"content-type": "application/pdf"},
    )  # fmt: skip
    assert (refused.status_code, refused.json()["code"]) == (415, "type_not_allowed")
    monkeypatch.setattr(contacts.state.house.settings, "allowed_file_types", ("image/*",))
    assert (await rep.post("/v1/files", content=TEXT)).status_code == 415
    assert (await rep.post("/v1/files", content=png)).status_code == 201
    assert len(blobs.paths()) == 1


async def test_the_clients_own_id_makes_one_file_however_often_it_is_sent(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    rep = client(organisation.rep)
    own = str(new_id())
    first = await rep.post("/v1/files", params={"id": own, "name": "a"}, content=TEXT)
    again = await rep.post("/v1/files", params={"id": own, "name": "a"}, content=TEXT)
    other = await rep.post("/v1/files", params={"id": own, "name": "a"}, content=b"other bytes")
    assert [first.status_code, again.status_code, other.status_code] == [201, 200, 409]
    assert again.json() == first.json()
    stranger = await client(organisation.rep2).post("/v1/files", params={"id": own}, content=TEXT)
    assert (stranger.status_code, stranger.json()["code"]) == (409, "id_taken")
    assert [path.read_bytes() for path in blobs.paths()] == [TEXT]


async def test_uploads_under_one_id_at_the_same_time_never_mix_their_bytes(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    own = str(new_id())
    contents = [bytes([65 + index]) * 50_000 for index in range(8)]
    answers = await asyncio.gather(
        *(client(organisation.rep).post("/v1/files", params={"id": own}, content=each)
          for each in contents)
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    content = await client(organisation.rep).get(f"/v1/files/{own}/content")
    assert hashlib.sha256(content.content).hexdigest() == made["sha256"]
    assert len(blobs.paths()) == 1


async def test_an_idempotency_key_makes_one_file_and_keeps_its_bytes_once(
    client: Clients, organisation: Organisation, blobs: Blobs
) -> None:
    rep = client(organisation.rep)
    key = {"idempotency-key": "upload-1"}
    first = await rep.post("/v1/files", content=TEXT, headers=key)
    again = await rep.post("/v1/files", content=TEXT, headers=key)
    other = await rep.post("/v1/files", content=b"other", headers=key)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == first.json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(blobs.paths()) == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("color=red", "color"),
        ("id=x", "id"),
        ("account_id=x", "account_id"),
        ("name=a&name=b", "id"),
    ],
)
async def test_a_wrong_parameter_is_named(
    client: Clients, organisation: Organisation, query: str, field: str
) -> None:
    answer = await client(organisation.rep).post(f"/v1/files?{query}", content=TEXT)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
