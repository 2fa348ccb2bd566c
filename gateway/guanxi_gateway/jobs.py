"""What the gateway's worker does: no jobs of its own, but the purges of every worker, and webhooks and hints beside."""

import asyncio
from collections.abc import Mapping

from guanxi_gateway.composite.sweeping import forget_composites
from guanxi_gateway.hints.beside import send_hints
from guanxi_gateway.webhooks.dispatching import dispatch_webhooks
from guanxi_gateway.webhooks.sweeping import delete_old_deliveries
from guanxi_shared.db import Database
from guanxi_shared.running_jobs import Handler

HANDLERS: Mapping[str, Handler] = {}
SCHEDULES = (delete_old_deliveries, forget_composites)


async def go_on(database: Database, stopping: asyncio.Event) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(dispatch_webhooks(database, stopping))
        group.create_task(send_hints(stopping))


BESIDE = go_on
