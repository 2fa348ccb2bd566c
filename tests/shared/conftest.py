"""Tests of what all services share run on a service of their own, the library."""

import pytest

from guanxi_shared.edge import Edge


@pytest.fixture(scope="session")
def service(library: Edge) -> Edge:
    return library
