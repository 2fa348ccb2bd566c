"""A phone that sends files in parts."""

import base64
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx
import pytest
from starlette.requests import ClientDisconnect

from guanxi_shared.edge import Edge
from guanxi_shared.identifiers import new_id
from tests.factories import Clients, Organisation, User

PATH = "/v1/files/uploads"
TUS = {"tus-resumable": "1.0.0"}


def metadata(**told: str) -> str:
    return ",".join(
        f"{key} {base64.b64encode(text.encode()).decode()}" for key, text in told.items()
    )


async def broken_after(content: bytes, *, piece: int = 1000) -> AsyncIterator[bytes]:
    """All of it, in pieces, and then the line is cut."""
    for start in range(0, len(content), piece):
        yield content[start : start + piece]
    raise ClientDisconnect


class Phone:
    def __init__(self, client: httpx.AsyncClient, path: str = PATH) -> None:
        self.client = client
        self.path = path

    async def announce(
        self, content: bytes | int, *, headers: Mapping[str, str] | None = None, **told: str
    ) -> httpx.Response:
        length = content if isinstance(content, int) else len(content)
        sent = {**TUS, "upload-length": str(length), **(headers or {})}
        if told:
            sent["upload-metadata"] = metadata(**told)
        return await self.client.post(self.path, headers=sent)

    async def begin(self, content: bytes | int, **told: str) -> str:
        answer = await self.announce(content, **told)
        assert answer.status_code == 201, answer.text
        return answer.headers["location"]

    async def send(
        self, location: str, content: bytes | AsyncIterator[bytes], offset: int, **headers: str
    ) -> httpx.Response:
        sent = {
            **TUS, "upload-offset": str(offset), "content-type": "application/offset+octet-stream",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }  # fmt: skip
        return await self.client.patch(location, content=content, headers=sent)

    async def head(self, location: str) -> httpx.Response:
        return await self.client.head(location, headers=TUS)

    async def offset(self, location: str) -> int:
        answer = await self.head(location)
        assert answer.status_code == 200
        return int(answer.headers["upload-offset"])

    async def file(self, location: str) -> httpx.Response:
        return await self.client.get(f"/v1/files/{location.rpartition('/')[2]}")

    async def content(self, location: str) -> bytes:
        answer = await self.client.get(f"/v1/files/{location.rpartition('/')[2]}/content")
        assert answer.status_code == 200, answer.text
        return answer.content


PhoneOf = Callable[[User], Phone]


@pytest.fixture
def phone_of(client: Clients) -> PhoneOf:
    return lambda user: Phone(client(user))


@pytest.fixture
def phone(phone_of: PhoneOf, organisation: Organisation) -> Phone:
    return phone_of(organisation.rep)


@pytest.fixture
def unfinished(contacts: Edge, organisation: Organisation) -> Callable[[], list[bytes]]:
    """The bytes of the organisation's uploads that are on the disk."""
    folder: Path = contacts.state.house.settings.files_dir / "uploads" / str(organisation.id)
    return lambda: [path.read_bytes() for path in sorted(folder.glob("*"))]


def new_file_id() -> str:
    return str(new_id())
