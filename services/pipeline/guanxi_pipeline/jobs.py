"""What the worker of pipeline does: `python -m guanxi_shared.worker guanxi_pipeline`."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.conversions.finishing import finish_conversions
from guanxi_pipeline.lead_forms.sweeping import sweep_form_hits
from guanxi_pipeline.references.settling import settle_references
from guanxi_pipeline.scorecards.rescoring import rescore_leads
from guanxi_pipeline.scorecards.service import RESCORE
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {RESCORE: rescore_leads}
SCHEDULES: Final = (settle_references, finish_conversions, sweep_form_hits)
