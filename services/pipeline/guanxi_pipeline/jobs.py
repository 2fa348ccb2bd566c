"""What the worker of pipeline does: `python -m guanxi_shared.worker guanxi_pipeline`."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.references.settling import settle_references
from guanxi_pipeline.win_model.applying import apply_win_models
from guanxi_pipeline.win_model.training import train_win_model
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {"train-win-model": train_win_model}
SCHEDULES: Final = (settle_references, apply_win_models)
