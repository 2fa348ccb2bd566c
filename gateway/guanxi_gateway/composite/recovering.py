"""Beside the requests: composites that nobody is at any more are gone on with."""

import asyncio
from typing import Final

from guanxi_gateway.away import PASSING
from guanxi_gateway.composite.running import Hands
from guanxi_gateway.composite.service import resume_composites
from guanxi_shared import logs
from guanxi_shared.errors import Problem

MOST_SECONDS: Final = 2.0

_log = logs.logger("composite")


async def keep_resuming(hands: Hands) -> None:
    """Until it is cancelled; any number of gateways may do so."""
    pause = min(hands.lease_seconds / 5, MOST_SECONDS)
    while True:
        await asyncio.sleep(pause)
        try:
            await resume_composites(hands)
        except (*PASSING, Problem) as error:
            _log.warning("composites cannot be gone on with", error=repr(error))
