"""A dump of everything that pipeline keeps, to look for people in."""

from pathlib import Path

import pytest

from guanxi_shared.edge import Edge
from tests.dumping import Dump
from tests.factories import Organisation
from tests.pipeline.leads.conftest import worked
from tests.prepared import Clone

__all__ = ["worked"]


@pytest.fixture
def dump(database: Clone, pipeline: Edge, organisation: Organisation) -> Dump:
    files_dir: Path = pipeline.state.house.settings.files_dir
    return Dump(database.admin_url, files_dir, of=organisation.id)
