"""What tests of leads share: how a lead is sent, and what the managers set."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from guanxi_pipeline.conversions.finishing import finish_organisation
from guanxi_shared.edge import Edge
from tests.factories import Clients, Organisation, User
from tests.pipeline.conftest import Stages
from tests.pipeline.leads.forming import FIELDS, Formed

Made = Callable[..., Awaitable[dict[str, Any]]]
Worked = Callable[[], Awaitable[None]]
SOFTWARE: dict[str, Any] = {
    "filters": [{"field": "industry", "operator": "eq", "value": "software"}]
}


def lead(**more: Any) -> dict[str, Any]:
    return {"name": "张三", "company": "北京未来科技有限公司"} | more


@pytest.fixture
def made(client: Clients, organisation: Organisation) -> Made:
    """`await made(company="Acme")`: a lead of the rep's, as the API answers its create."""

    async def make(by: User | None = None, **fields: Any) -> dict[str, Any]:
        answer = await client(by or organisation.rep).post("/v1/leads", json=lead(**fields))
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make


@pytest.fixture
def settings(client: Clients, organisation: Organisation) -> Callable[..., Awaitable[None]]:
    async def change(**fields: Any) -> None:
        answer = await client(organisation.admin).patch("/v1/leads/settings", json=fields)
        assert answer.status_code == 200, answer.text

    return change


@pytest.fixture
def worked(service: Edge, organisation: Organisation) -> Worked:
    """What the worker does once a minute."""

    async def work() -> None:
        await finish_organisation(service.state.house, organisation.id)

    return work


@pytest.fixture
async def lead_path(made: Made, stages: Stages) -> str:
    found = await made(
        emails=[{"address": "zhang@weilai.example"}], phones=[{"number": "13800138000"}],
        industry="software", source="fair", title="CEO",
    )  # fmt: skip
    return f"/v1/leads/{found['id']}"


@pytest.fixture
def formed(client: Clients, organisation: Organisation) -> Formed:
    async def make(**more: Any) -> dict[str, Any]:
        sent = {"name": "Contact us", "fields": FIELDS, "source": "website"} | more
        answer = await client(organisation.manager).post("/v1/leads/forms", json=sent)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    return make
