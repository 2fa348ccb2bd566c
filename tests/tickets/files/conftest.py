"""What tests of files on tickets share: where the bytes lie, and who puts them there."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from guanxi_shared.edge import Edge
from tests.factories import Organisation
from tests.tickets.company import PATH

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def bytes_kept(tickets: Edge, organisation: Organisation) -> "BytesKept":
    return BytesKept(tickets.state.house.settings.files_dir, organisation)


class BytesKept:
    """The bytes that an organisation has in the folder, and uploads under way."""

    def __init__(self, files_dir: Path, organisation: Organisation) -> None:
        self.folder = files_dir / "files" / str(organisation.id)
        self.incoming = files_dir / "incoming"

    def contents(self) -> list[bytes]:
        found = sorted(self.folder.glob("*")) if self.folder.exists() else []
        return [path.read_bytes() for path in found]

    def under_way(self) -> list[Path]:
        return sorted(self.incoming.glob("*")) if self.incoming.exists() else []


def files_of(ticket: dict[str, Any]) -> str:
    return f"{PATH}/{ticket['id']}/files"


async def put(
    user: httpx.AsyncClient, ticket: dict[str, Any], content: bytes = b"text", **asked: str
) -> dict[str, Any]:
    answer = await user.post(files_of(ticket), params=asked, content=content)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(user: httpx.AsyncClient, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await user.get(files_of(ticket))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found
