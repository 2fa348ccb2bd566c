"""What the gateway's worker does: no jobs of its own, but the purges of every worker, and webhooks beside."""

from collections.abc import Mapping

from guanxi_gateway.composite.sweeping import forget_composites
from guanxi_gateway.webhooks.dispatching import dispatch_webhooks
from guanxi_gateway.webhooks.sweeping import delete_old_deliveries
from guanxi_shared.running_jobs import Handler

HANDLERS: Mapping[str, Handler] = {}
SCHEDULES = (delete_old_deliveries, forget_composites)
BESIDE = dispatch_webhooks
