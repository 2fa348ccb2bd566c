"""Uploads that break off and go on (tus 1.0): nothing lost, nothing twice, nothing left."""

import asyncio
import base64
import hashlib
import os
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from guanxi_shared.edge import Edge
from guanxi_shared.files import resuming
from guanxi_shared.tus.sweeping import sweep
from tests.contacts.uploads.conftest import (
    PATH,
    TUS,
    Phone,
    PhoneOf,
    broken_after,
    new_file_id,
)
from tests.factories import Clients, Organisation

Unfinished = Callable[[], list[bytes]]
PHOTO = b"\xff\xd8\xff\xe0" + random.Random(7).randbytes(50_000)
PROGRAM = b"MZ\x90\0" + b"\0" * 9_000


def sha1(content: bytes) -> str:
    return (
        f"sha1 {base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()}"
    )


@pytest.mark.parametrize("seed", range(3))
async def test_an_upload_that_breaks_off_anywhere_goes_on_where_it_stands(
    phone: Phone, unfinished: Unfinished, seed: int
) -> None:
    chance = random.Random(seed)
    location = await phone.begin(PHOTO, id=new_file_id(), filename="现场.jpg")
    offset = 0
    while offset < len(PHOTO):
        end = min(len(PHOTO), offset + chance.randint(1, 20_000))
        is_cut = chance.random() < 0.7 and end < len(PHOTO)
        part = PHOTO[offset:end]
        content = broken_after(part, piece=chance.randint(1, 4_000)) if is_cut else part
        answer = await phone.send(location, content, offset)
        assert answer.status_code == (400 if is_cut else 204), answer.text
        offset = await phone.offset(location)
        assert offset == end
        if offset < len(PHOTO):
            assert unfinished() == [PHOTO[:offset]]
    made = (await phone.file(location)).json()
    assert (made["name"], made["size"]) == ("现场.jpg", len(PHOTO))
    assert made["sha256"] == hashlib.sha256(PHOTO).hexdigest()
    assert await phone.content(location) == PHOTO
    assert unfinished() == []


async def test_what_was_uploaded_in_parts_is_the_very_file_of_an_upload_in_one_piece(
    phone: Phone, organisation: Organisation
) -> None:
    account = (await phone.client.post("/v1/accounts", json={"name": "Tus"})).json()["id"]
    told = {"filename": "a/b\\site.jpg", "filetype": "application/pdf", "account_id": account}
    location = await phone.begin(PHOTO, id=new_file_id(), **told)
    assert (await phone.send(location, PHOTO, 0)).status_code == 204
    made = (await phone.file(location)).json()
    whole = await phone.client.post(
        "/v1/files", params={"name": "site.jpg", "account_id": account}, content=PHOTO,
        headers={"content-type": "application/pdf"},
    )  # fmt: skip
    own = {"id", "created_at", "updated_at"}
    assert {k: v for k, v in made.items() if k not in own} == {
        k: v for k, v in whole.json().items() if k not in own
    }
    told = (await phone.client.get(f"/v1/files/{made['id']}/history")).json()["data"]
    assert [event["type"] for event in told] == ["contacts.file.created"]
    assert told[0]["actor_id"] == str(organisation.rep.id)


async def test_the_same_announcement_finds_the_same_upload_and_another_is_refused(
    phone: Phone, phone_of: PhoneOf, organisation: Organisation
) -> None:
    file_id = new_file_id()
    location = await phone.begin(PHOTO, id=file_id, filename="a.jpg")
    assert location == f"{PATH}/{file_id}"
    await phone.send(location, PHOTO[:10], 0)
    again = await phone.announce(PHOTO, id=file_id, filename="a.jpg")
    assert (again.status_code, again.headers["location"]) == (201, location)
    assert again.headers["upload-offset"] == "10"
    for answer in (
        await phone.announce(PHOTO, id=file_id, filename="b.jpg"),
        await phone.announce(len(PHOTO) + 1, id=file_id, filename="a.jpg"),
        await phone_of(organisation.rep2).announce(PHOTO, id=file_id, filename="a.jpg"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "id_taken")


async def test_a_file_that_is_there_is_the_same_with_the_same_bytes_and_409_with_others(
    phone: Phone, unfinished: Unfinished, contacts: Edge
) -> None:
    file_id, digest = new_file_id(), hashlib.sha256(PHOTO).hexdigest()
    first = await phone.client.post(
        "/v1/files", params={"id": file_id, "name": "a.jpg"}, content=PHOTO
    )
    assert first.status_code == 201
    known = await phone.announce(PHOTO, id=file_id, filename="a.jpg", sha256=digest)
    assert known.headers["upload-offset"] == str(len(PHOTO))  # nothing has to be sent
    await phone.client.delete(known.headers["location"], headers=TUS)
    other = hashlib.sha256(b"other").hexdigest()
    refused = await phone.announce(PHOTO, id=file_id, filename="a.jpg", sha256=other)
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    location = await phone.begin(PHOTO, id=file_id, filename="a.jpg")
    assert (await phone.send(location, PHOTO, 0)).status_code == 204
    await phone.client.delete(location, headers=TUS)
    location = await phone.begin(PHOTO, id=file_id, filename="a.jpg")
    refused = await phone.send(location, PHOTO[:-1] + b"!", 0)
    assert (refused.status_code, refused.json()["code"]) == (409, "id_taken")
    assert (await phone.head(location)).status_code == 404
    assert await phone.content(location) == PHOTO
    assert unfinished() == []
    assert (await phone.file(location)).json()["version"] == 1


async def test_bytes_for_another_place_are_409_and_say_where_it_stands(phone: Phone) -> None:
    location = await phone.begin(PHOTO)
    await phone.send(location, PHOTO[:100], 0)
    for offset in (0, 99, 101, 10**9):
        answer = await phone.send(location, b"x", offset)
        assert (answer.status_code, answer.json()["code"]) == (409, "wrong_offset")
        assert answer.headers["upload-offset"] == "100"
        assert answer.headers["tus-resumable"] == "1.0.0"
    assert await phone.offset(location) == 100


async def test_a_wrong_checksum_is_460_and_keeps_nothing_of_its_bytes(
    phone: Phone, unfinished: Unfinished
) -> None:
    location = await phone.begin(PHOTO)
    assert (
        await phone.send(location, PHOTO[:100], 0, upload_checksum=sha1(PHOTO[:100]))
    ).status_code == 204
    wrong = await phone.send(location, PHOTO[100:300], 100, upload_checksum=sha1(b"other"))
    assert (wrong.status_code, wrong.json()["code"]) == (460, "checksum_mismatch")
    cut = await phone.send(
        location, broken_after(PHOTO[100:300]), 100, upload_checksum=sha1(PHOTO[100:300])
    )
    assert cut.status_code == 400
    assert await phone.offset(location) == 100
    rest = PHOTO[100:]
    assert (await phone.send(location, rest, 100, upload_checksum=sha1(rest))).status_code == 204
    assert await phone.content(location) == PHOTO
    assert unfinished() == []


async def test_two_at_once_do_not_interleave_and_the_newer_goes_on(phone: Phone) -> None:
    location = await phone.begin(PHOTO)
    came, hung = asyncio.Event(), asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        yield PHOTO[:500]
        came.set()
        await hung.wait()
        yield b"late" * 1000

    older = asyncio.create_task(phone.send(location, hanging(), 0))
    await came.wait()
    newer = await phone.send(location, b"y" * 200, 0)
    hung.set()
    assert (await older).status_code == 423
    assert newer.status_code == 409  # what the older one brought is kept
    offset = await phone.offset(location)
    assert offset == int(newer.headers["upload-offset"])
    assert (await phone.send(location, PHOTO[offset:], offset)).status_code == 204
    assert await phone.content(location) == PHOTO


async def test_many_at_once_with_the_same_bytes_make_one_file(phone: Phone) -> None:
    location = await phone.begin(PHOTO)
    answers = await asyncio.gather(*(phone.send(location, PHOTO, 0) for _ in range(6)))
    assert {answer.status_code for answer in answers} <= {204, 409, 423}
    offset = await phone.offset(location)
    if offset < len(PHOTO):
        await phone.send(location, PHOTO[offset:], offset)
    assert await phone.content(location) == PHOTO
    told = (await phone.client.get(f"/v1/files/{location.rpartition('/')[2]}/history")).json()[
        "data"
    ]
    assert len(told) == 1


async def test_nobody_else_sees_an_upload(
    phone: Phone, phone_of: PhoneOf, organisation: Organisation
) -> None:
    location = await phone.begin(PHOTO)
    for stranger in (organisation.rep2, organisation.manager, organisation.admin):
        other = phone_of(stranger)
        assert (await other.head(location)).status_code == 404
        assert (await other.send(location, PHOTO, 0)).status_code == 404
        assert (await other.client.delete(location, headers=TUS)).status_code == 404
    assert await phone.offset(location) == 0
    reader = phone_of(organisation.read_only)
    assert (await reader.announce(PHOTO)).status_code == 403


async def test_what_is_given_up_is_gone(phone: Phone, unfinished: Unfinished) -> None:
    location = await phone.begin(PHOTO)
    await phone.send(location, PHOTO[:100], 0)
    assert (await phone.client.delete(location, headers=TUS)).status_code == 204
    assert (await phone.head(location)).status_code == 404
    assert (await phone.send(location, PHOTO[100:], 100)).status_code == 404
    assert unfinished() == []


async def test_what_the_rules_of_files_refuse_is_refused_and_leaves_nothing(
    phone: Phone, phone_of: PhoneOf, organisation: Organisation, contacts: Edge,
    unfinished: Unfinished, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    location = await phone.begin(PROGRAM, filename="photo.jpg")
    refused = await phone.send(location, PROGRAM, 0)
    assert (refused.status_code, refused.json()["code"]) == (415, "type_not_allowed")
    assert (await phone.head(location)).status_code == 404
    changed = await phone.begin(PHOTO, sha256=hashlib.sha256(b"other").hexdigest())
    assert (await phone.send(changed, PHOTO, 0)).json()["code"] == "checksum_mismatch"
    monkeypatch.setattr(contacts.state.house.settings, "max_file_bytes", 1000)
    too_long = await phone.announce(1001)
    assert (too_long.status_code, list(too_long.json()["errors"])) == (413, ["Upload-Length"])
    location = await phone.begin(10)
    more = await phone.send(location, b"x" * 11, 0)
    assert more.status_code == 413
    assert await phone.offset(location) == 0
    hidden = (
        await phone_of(organisation.rep2).client.post("/v1/accounts", json={"name": "h"})
    ).json()["id"]
    unseen = await phone.announce(10, account_id=hidden)
    assert (unseen.status_code, list(unseen.json()["errors"])) == (422, ["account_id"])
    await phone.client.delete(location, headers=TUS)
    assert unfinished() == []


async def test_a_record_that_goes_meanwhile_takes_no_file(
    phone: Phone, unfinished: Unfinished
) -> None:
    account = (await phone.client.post("/v1/accounts", json={"name": "Gone"})).json()["id"]
    location = await phone.begin(PHOTO, account_id=account)
    assert (await phone.client.delete(f"/v1/accounts/{account}")).status_code == 200
    assert (await phone.send(location, PHOTO, 0)).status_code == 422
    assert (await phone.file(location)).status_code == 404
    assert unfinished() == []


async def test_an_erasure_takes_what_is_here_of_a_persons_uploads(
    phone: Phone, client: Clients, organisation: Organisation, unfinished: Unfinished
) -> None:
    person = (await phone.client.post("/v1/contacts", json={"name": "Ann Wang"})).json()["id"]
    location = await phone.begin(PHOTO, contact_id=person, filename="Ann Wang.jpg")
    await phone.send(location, PHOTO[:100], 0)
    done = await phone.begin(PHOTO, contact_id=person, filename="Ann Wang 2.jpg")
    assert (await phone.send(done, PHOTO, 0)).status_code == 204
    assert len(unfinished()) == 1
    admin = client(organisation.admin)
    erased = await admin.post(f"/v1/contacts/{person}/erase", json={"reason": "subject_request"})
    assert erased.status_code == 200, erased.text
    assert unfinished() == []
    assert (await phone.send(location, PHOTO[100:], 100)).status_code == 404
    assert (await phone.head(done)).status_code == 404
    assert (await phone.file(done)).status_code == 404


async def test_all_bytes_and_no_file_become_the_file_when_asked_again(
    phone: Phone, contacts: Edge, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a kill between the last byte and the row."""
    location = await phone.begin(PHOTO)

    async def dies(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("guanxi_shared.tus.service._finish", dies)
        assert (await phone.send(location, PHOTO, 0)).status_code >= 500
    assert (await phone.file(location)).status_code == 404
    assert await phone.offset(location) == len(PHOTO)
    assert await phone.content(location) == PHOTO
    assert (await phone.send(location, b"", len(PHOTO))).status_code == 204


async def test_never_more_is_told_than_the_disk_holds(
    phone: Phone, contacts: Edge, organisation: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resuming, "SYNCED_EVERY", 1000)
    location = await phone.begin(PHOTO)
    await phone.send(location, PHOTO[:5000], 0)
    folder = contacts.state.house.settings.files_dir / "uploads" / str(organisation.id)
    (path,) = folder.glob("*")
    with path.open("r+b") as file:
        file.truncate(3000)
    refused = await phone.send(location, PHOTO[5000:], 5000)
    assert (refused.status_code, refused.headers["upload-offset"]) == (409, "3000")
    with path.open("ab") as file:  # written, and the process died before it could say so
        file.write(b"unsaid" * 100)
    assert await phone.offset(location) == 3000
    assert (await phone.send(location, PHOTO[3000:], 3000)).status_code == 204
    assert await phone.content(location) == PHOTO


async def test_an_empty_file_is_there_once_it_is_announced(phone: Phone) -> None:
    location = await phone.begin(b"", filename="empty.txt")
    assert await phone.offset(location) == 0
    assert (await phone.file(location)).json()["size"] == 0


async def test_uploads_that_nobody_goes_on_with_are_swept(
    phone: Phone, contacts: Edge, organisation: Organisation, unfinished: Unfinished
) -> None:
    house = contacts.state.house
    kept, over = await phone.begin(PHOTO), await phone.begin(PHOTO)
    for location in (kept, over):
        await phone.send(location, PHOTO[:100], 0)
    async with house.db.transaction(organisation.id) as connection:
        await connection.execute(
            "UPDATE uploads SET expires_at = now() - interval '2 hours' WHERE organisation_id = $1 AND id = $2",
            organisation.id, over.rpartition("/")[2],
        )  # fmt: skip
    assert (await phone.head(over)).status_code == 404
    assert (await phone.send(over, PHOTO[100:], 100)).status_code == 404
    for path in (house.settings.files_dir / "uploads" / str(organisation.id)).glob("*"):
        os.utime(path, (0, 0))
    await sweep(house.db, house.settings)
    assert unfinished() == [PHOTO[:100]]
    assert await phone.offset(kept) == 100
    again = await phone.announce(PHOTO, id=over.rpartition("/")[2])
    assert (again.status_code, again.headers["upload-offset"]) == (201, "0")


async def test_what_is_spoken_is_told(phone: Phone) -> None:
    answer = await phone.client.request("OPTIONS", PATH)
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"] == "creation,expiration,checksum,termination"
    assert "sha1" in answer.headers["tus-checksum-algorithm"]
    location = await phone.begin(PHOTO)
    head = await phone.head(location)
    assert (head.headers["cache-control"], head.headers["upload-length"]) == (
        "no-store",
        str(len(PHOTO)),
    )
    assert head.headers["upload-expires"].endswith("GMT")


async def test_a_post_may_say_that_it_is_a_patch(phone: Phone) -> None:
    location = await phone.begin(b"abc", filename="a.txt")
    sent = {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    wrong = await phone.client.post(location, content=b"abc", headers=sent)
    assert wrong.status_code == 405
    answer = await phone.client.post(
        location, content=b"abc", headers={**sent, "x-http-method-override": "PATCH"}
    )
    assert answer.status_code == 204
    assert await phone.content(location) == b"abc"


@pytest.mark.parametrize(
    ("headers", "status", "field"),
    [
        ({"tus-resumable": "0.2.2"}, 412, "Tus-Resumable"),
        ({"upload-length": "-1"}, 400, "Upload-Length"),
        ({"upload-length": "1e3"}, 400, "Upload-Length"),
        ({"upload-length": "9" * 30}, 400, "Upload-Length"),
        ({"upload-metadata": "filename !!"}, 400, "Upload-Metadata"),
        ({"upload-metadata": "filename YQ==,filename YQ=="}, 400, "Upload-Metadata"),
        ({"upload-metadata": "filename /w=="}, 400, "Upload-Metadata"),
        ({"upload-metadata": "id YQ=="}, 400, "id"),
        ({"upload-metadata": "sha256 YQ=="}, 400, "Upload-Metadata"),
        ({"upload-metadata": "account_id YQ=="}, 400, "account_id"),
    ],
)
async def test_an_announcement_that_cannot_be_read_names_the_place(
    phone: Phone, headers: dict[str, str], status: int, field: str
) -> None:
    answer = await phone.announce(10, headers=headers)
    assert (answer.status_code, list(answer.json()["errors"])) == (status, [field])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "image/jpeg"}, 415),
        ({"upload_offset": "x"}, 400),
        ({"upload_checksum": "crc32 YQ=="}, 400),
        ({"upload_checksum": "sha1 YQ=="}, 400),
        ({"upload_checksum": "sha1 !"}, 400),
        ({"tus_resumable": "2.0.0"}, 412),
    ],
)
async def test_bytes_that_come_with_odd_headers_are_not_taken(
    phone: Phone, headers: dict[str, str], status: int
) -> None:
    location = await phone.begin(10)
    answer = await phone.send(location, b"x" * 10, 0, **headers)
    assert answer.status_code == status
    assert await phone.offset(location) == 0
