"""Who did it, where no `Call` can say: sign-in, links in mails, applications."""

from dataclasses import dataclass
from uuid import UUID

from starlette.requests import Request

from guanxi_shared import logs
from guanxi_shared.calls import Actor, channel_of


def actor_of(request: Request, user_id: UUID | None, *, kind: str = "user") -> Actor:
    return Actor(
        id=user_id,
        kind=kind,
        channel=channel_of(request),
        request_id=logs.request_id.get() or None,
        trace_id=logs.trace_id.get() or None,
    )


@dataclass(frozen=True, slots=True)
class Device:
    """Where a sign-in comes from, as its owner will see it in their list of sessions."""

    user_agent: str | None
    network_address: str | None


def device_of(request: Request) -> Device:
    host = request.client.host if request.client is not None else None
    return Device(request.headers.get("user-agent"), host)
