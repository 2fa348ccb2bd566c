"""A worker beside the pipeline service, and short ways to import a text and wait for its end."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from guanxi_pipeline.jobs import HANDLERS
from guanxi_shared.db import Database
from guanxi_shared.edge import Edge
from guanxi_shared.worker import Worker
from tests.contacts.transfers.sending import Sender
from tests.factories import Clients, Organisation
from tests.pipeline.conftest import Known, Stages
from tests.pipeline.products.selling import cny, entry, made, price_book, product
from tests.prepared import Clone
from tests.working import as_launched, working


@pytest.fixture
def chunk_rows() -> int:
    return 7


@pytest.fixture
def worker_environment(
    pipeline: Edge, database: Clone, chunk_rows: int, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    return as_launched(pipeline, "pipeline", database, chunk_rows, monkeypatch)


@pytest.fixture
async def worker(
    service_database: Database, worker_environment: dict[str, str]
) -> AsyncIterator[Worker]:
    async with working(service_database, HANDLERS) as running:
        yield running


@pytest.fixture
def send(client: Clients, organisation: Organisation, worker: Worker) -> Sender:
    """`await send("name\\nAcme\\n", key="name")` imports a text as the organisation's admin."""
    return Sender(client(organisation.admin), resource="opportunities")


@pytest.fixture
async def sold(
    client: Clients, organisation: Organisation, account: Known, stages: Stages
) -> dict[str, Any]:
    """Products, one of them with a tax class and a price book; accounts; a deal of one of them."""
    admin = client(organisation.admin)
    await made(
        admin, "/v1/products/tax-classes", code="std", name="Standard", rate=13, valid_from="2020-01-01"
    )  # fmt: skip
    seats = await product(admin, "GX-1", name="Seats", tax_class="std", unit="seat", cost=cny("40"))
    await product(admin, "GX-2", name="Disks")
    await price_book(
        admin, "Usual", entry(seats["id"], "90.00", min_quantity=10, discount_limit=10)
    )
    cn, de = await account("北京未来科技"), await account("ACME GmbH")
    deal = await made(admin, "/v1/opportunities", name="Cloud", account_id=cn)
    return {"seats": seats, "cn": cn, "de": de, "deal": deal}
