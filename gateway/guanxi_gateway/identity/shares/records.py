"""Records of other services, as the caller sees them there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from guanxi_gateway.peers import ask
from guanxi_gateway.routes import service_for
from guanxi_gateway.upstream import Upstream
from guanxi_shared.calls import Call
from guanxi_shared.errors import Invalid, NotFound, Unavailable
from guanxi_shared.settings import named_addresses


async def find_record(call: Call, resource: str, record_id: UUID) -> Mapping[str, Any]:
    """Asked of the service that owns the resource, with the caller's own token; NotFound when it
    does not show the record to the caller."""
    peer = _peer(call, resource)
    authorization = call.request.headers["authorization"]
    try:
        answer = await ask(peer, f"/v1/{resource}/{record_id}", authorization=authorization)
    finally:
        peer.close()
    if answer.status in (403, 404):
        raise NotFound("There is no such record, or not for you.")
    if not answer.is_success:
        raise Unavailable(f"The {peer.name} service cannot say whether you may share this.")
    found: Mapping[str, Any] = answer.json()
    return found


def _peer(call: Call, resource: str) -> Upstream:
    """A connection for this one question: shares are rare."""
    common = call.house.common
    service = service_for(resource.encode())
    addresses = named_addresses(common.services)
    if service is None or service not in addresses:
        raise Invalid(
            f"{resource!r} cannot be shared.",
            errors={"resource": "Unknown, or not a thing that is shared."},
        )
    return Upstream(service, addresses[service])
