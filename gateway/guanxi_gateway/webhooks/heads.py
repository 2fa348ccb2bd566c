"""Where the feeds end now: a new endpoint hears of what comes after."""

import asyncio
import time
from collections.abc import Mapping

from guanxi_gateway.feed import encode_cursor
from guanxi_gateway.peers import ask
from guanxi_gateway.upstream import Upstream
from guanxi_shared.auth import sign_service_token
from guanxi_shared.calls import House
from guanxi_shared.errors import Problem
from guanxi_shared.feed.cursor import Cursor


async def cursor_of_now(here: House, peers: Mapping[str, Upstream]) -> str:
    """A service that is away is left out: its feed is read from the beginning later, and what happened
    before is passed over."""
    await here.feed.number()
    own = await here.feed.head()
    found = await asyncio.gather(*(_head(here, peer) for peer in peers.values()))
    heads = {name: head for name, head in zip(peers, found, strict=True) if head is not None}
    return encode_cursor({here.name: str(own), **heads})


async def _head(here: House, peer: Upstream) -> str | None:
    token = sign_service_token(
        here.common.service_secret, issuer=here.name, audience=peer.name, now=time.time()
    )
    try:
        answer = await ask(peer, "/internal/news", authorization=f"Bearer {token}", seconds=2.0)
        found = answer.json() if answer.is_success else None
    except Problem:
        return None
    if found is None:
        return None
    return str(Cursor.parse(f"{found['epoch']}:{found['reached']}"))
