"""What the worker of pipeline does: `python -m guanxi_shared.worker guanxi_pipeline`."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.forecasts.days import keep_forecasts
from guanxi_pipeline.references.settling import settle_references
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {}
SCHEDULES: Final = (settle_references, keep_forecasts)
