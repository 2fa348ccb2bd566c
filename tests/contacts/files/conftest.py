"""What tests of files share: a small picture, and where the bytes lie."""

from pathlib import Path

import pytest

from guanxi_shared.edge import Edge
from tests.factories import Organisation

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@pytest.fixture
def png() -> bytes:
    return PNG


@pytest.fixture
def files_dir(contacts: Edge) -> Path:
    found: Path = contacts.state.house.settings.files_dir
    return found


@pytest.fixture
def blobs(files_dir: Path, organisation: Organisation) -> "Blobs":
    return Blobs(files_dir, organisation)


class Blobs:
    """The bytes that an organisation has in the folder, and uploads under way."""

    def __init__(self, files_dir: Path, organisation: Organisation) -> None:
        self.folder = files_dir / "files" / str(organisation.id)
        self.incoming = files_dir / "incoming"

    def paths(self) -> list[Path]:
        return sorted(self.folder.glob("*")) if self.folder.exists() else []

    def under_way(self) -> list[Path]:
        return sorted(self.incoming.glob("*")) if self.incoming.exists() else []
