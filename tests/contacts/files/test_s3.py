"""The same files in an S3-compatible store: a fake one that checks every signature."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import uvicorn

from guanxi_shared.edge import Edge
from guanxi_shared.errors import NotFound, Unavailable
from guanxi_shared.files.local import LocalStorage
from guanxi_shared.files.rules import Span
from guanxi_shared.files.s3 import S3Storage
from guanxi_shared.files.storage import Storage, key_of
from guanxi_shared.files.sweeping import delete_blobs
from guanxi_shared.identifiers import new_id
from tests.contacts.files.fake_s3 import FakeS3
from tests.factories import Clients, Organisation

BUCKET = "guanxi-tests"


@pytest.fixture
async def s3() -> AsyncIterator[FakeS3]:
    fake = FakeS3(bucket=BUCKET, key_id="key", secret="word")
    config = uvicorn.Config(fake, lifespan="off", log_config=None, ws="none", http="h11")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        fake.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield fake
        server.should_exit = True
        await task


def of_s3(fake: FakeS3, *, secret: str = "word") -> S3Storage:
    return S3Storage(BUCKET, fake.url, "us-east-1", "our/place", "key", secret)


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, s3: FakeS3) -> Storage:
    """What holds for one storage holds for the other."""
    return LocalStorage(tmp_path / "files") if request.param == "local" else of_s3(s3)


async def put(storage: Storage, folder: Path, content: bytes) -> str:
    path = folder / uuid4().hex
    path.write_bytes(content)
    key = key_of(uuid4(), new_id())
    await storage.put(key, path)
    assert not path.exists()
    return key


async def read(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_bytes_come_back_whole_and_in_part(storage: Storage, tmp_path: Path) -> None:
    content = bytes(range(256)) * 80_000  # three parts of an upload
    key = await put(storage, tmp_path, content)
    whole = await read(await storage.open(key, Span(0, len(content))))
    assert hashlib.sha256(whole).digest() == hashlib.sha256(content).digest()
    assert (
        await read(await storage.open(key, Span(1_000_000, 1_000_100)))
        == content[1_000_000:1_000_100]
    )


async def test_an_empty_file_is_kept(storage: Storage, tmp_path: Path) -> None:
    key = await put(storage, tmp_path, b"")
    assert await read(await storage.open(key, Span(0, 0))) == b""


async def test_what_is_deleted_is_gone_and_deleting_it_again_does_no_harm(
    storage: Storage, tmp_path: Path
) -> None:
    key = await put(storage, tmp_path, b"text")
    other = await put(storage, tmp_path, b"other")
    await storage.delete(key)
    await storage.delete(key)
    with pytest.raises(NotFound):
        await storage.open(key, Span(0, 4))
    assert [found async for found, _ in storage.blobs()] == [other]


async def test_everything_is_listed_with_its_time(storage: Storage, tmp_path: Path) -> None:
    keys = {await put(storage, tmp_path, b"x") for _ in range(5)}
    listed = {key: moment async for key, moment in storage.blobs()}
    assert set(listed) == keys
    assert all(abs((datetime.now(UTC) - moment).total_seconds()) < 60 for moment in listed.values())


async def test_blobs_are_deleted_by_their_organisation(storage: Storage, tmp_path: Path) -> None:
    organisation, blob = uuid4(), new_id()
    path = tmp_path / "x"
    path.write_bytes(b"x")
    await storage.put(key_of(organisation, blob), path)
    await delete_blobs(storage, organisation, [blob])
    assert [key async for key, _ in storage.blobs()] == []


async def test_a_store_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    nowhere = S3Storage(BUCKET, "http://127.0.0.1:9", "", "", "key", "word")
    path = tmp_path / "x"
    path.write_bytes(b"x")
    with pytest.raises(Unavailable):
        await nowhere.put("a/b", path)
    assert path.exists()


async def test_every_request_is_signed_and_parts_are_put_together(
    s3: FakeS3, tmp_path: Path
) -> None:
    key = await put(of_s3(s3), tmp_path, b"x" * 20_000_000)
    assert (s3.refused, s3.parts) == (0, {})
    assert [(name, len(content)) for name, (content, _) in s3.objects.items()] == [
        (f"our/place/{key}", 20_000_000)
    ]
    with pytest.raises(Unavailable):
        await put(of_s3(s3, secret="another"), tmp_path, b"x")
    assert s3.refused > 0


async def test_files_go_to_s3_by_setting_and_those_of_before_stay_where_they_are(
    client: Clients, organisation: Organisation, contacts: Edge, s3: FakeS3,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rep, settings = client(organisation.rep), contacts.state.house.settings
    before = (await rep.post("/v1/files", content=b"local")).json()["id"]
    for name, value in {
        "bucket": BUCKET, "bucket_endpoint": s3.url, "bucket_key_id": "key",
        "bucket_secret": "word", "bucket_prefix": uuid4().hex,
    }.items():  # fmt: skip
        monkeypatch.setattr(settings, name, value)
    made = await rep.post("/v1/files", content=b"in the cloud")
    assert made.status_code == 201, made.text
    path = f"/v1/files/{made.json()['id']}/content"
    assert (await rep.get(path)).content == b"in the cloud"
    part = await rep.get(path, headers={"range": "bytes=3-5"})
    assert (part.status_code, part.content) == (206, b"the")
    assert (await rep.get(f"/v1/files/{before}/content")).content == b"local"
    assert list((settings.files_dir / "files" / str(organisation.id)).iterdir()) != []
    monkeypatch.setattr(settings, "bucket", "")
    assert (await rep.get(path)).status_code == 503
