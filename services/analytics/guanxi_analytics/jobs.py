"""What the worker of analytics does: `python -m guanxi_shared.worker guanxi_analytics`."""

from collections.abc import Mapping
from typing import Final

from guanxi_analytics.scores.scoring import score_customers
from guanxi_analytics.sources.rebuilding import KIND, rebuild
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {KIND: rebuild}
SCHEDULES: Final = (score_customers,)
