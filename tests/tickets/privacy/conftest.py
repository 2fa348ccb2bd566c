"""A dump of everything that tickets keeps of the company, to look for people in."""

from pathlib import Path

import pytest

from guanxi_shared.edge import Edge
from tests.dumping import Dump
from tests.factories import Organisation
from tests.prepared import Clone


@pytest.fixture
def dump(database: Clone, tickets: Edge, company: Organisation) -> Dump:
    files_dir: Path = tickets.state.house.settings.files_dir
    return Dump(database.admin_url, files_dir, of=company.id)
