"""What the gateway's worker does: no jobs of its own yet, only the purges that every worker runs."""

from collections.abc import Mapping

from guanxi_shared.running_jobs import Handler

HANDLERS: Mapping[str, Handler] = {}
