"""Other services as seen from here: the gateway, which knows what somebody may do now."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from guanxi_shared.calls import House
from guanxi_shared.http import ServiceClient

GATEWAY: Final = "gateway"


@asynccontextmanager
async def calling_gateway(here: House) -> AsyncIterator[None]:
    common = here.common
    client = ServiceClient(GATEWAY, common.gateway_url, common.service_secret, caller=here.name)
    here.more[GATEWAY] = client
    try:
        yield
    finally:
        await client.aclose()


def gateway_client(here: House) -> ServiceClient:
    found: ServiceClient = here.more[GATEWAY]
    return found
