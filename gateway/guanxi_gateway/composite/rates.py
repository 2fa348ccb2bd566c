"""What a composite costs in a rate limit: what its requests cost one by one."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from guanxi_gateway import routes
from guanxi_gateway.composite.schemas import InnerRequest
from guanxi_gateway.limits_rules import call_cost

DOOR = 2  # paid at the door already, as any POST


def cost_of(requests: Sequence[InnerRequest]) -> int:
    return max(sum(_cost(request) for request in requests) - DOOR, 0)


def _cost(request: InnerRequest) -> int:
    path = urlsplit(request.url).path
    if request.method == "GET":
        return routes.DEAR_READS.get(path[4:].partition("/")[0].encode(), 1)
    return call_cost(request.method, path)
