"""What the worker of pipeline does: `python -m guanxi_shared.worker guanxi_pipeline`."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.conversions.finishing import finish_conversions
from guanxi_pipeline.exports.tables import delete_old_transfers, write_export
from guanxi_pipeline.forecasts.days import keep_forecasts
from guanxi_pipeline.imports.taking import take_import
from guanxi_pipeline.lead_forms.sweeping import sweep_form_hits
from guanxi_pipeline.privacy.leftovers import KIND as LEFTOVERS
from guanxi_pipeline.privacy.leftovers import erase_leftovers
from guanxi_pipeline.quotes.expiring import expire_quotes
from guanxi_pipeline.references.settling import settle_references
from guanxi_pipeline.scorecards.rescoring import rescore_leads
from guanxi_pipeline.scorecards.service import RESCORE
from guanxi_pipeline.territories.reassigning import assign_every_night, assign_territories
from guanxi_pipeline.territories.service import ASSIGN
from guanxi_pipeline.win_model.applying import apply_win_models
from guanxi_pipeline.win_model.training import train_win_model
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "import": take_import,
    "export": write_export,
    RESCORE: rescore_leads,
    "train-win-model": train_win_model,
    ASSIGN: assign_territories,
    LEFTOVERS: erase_leftovers,
}
SCHEDULES: Final = (
    settle_references,
    delete_old_transfers,
    finish_conversions,
    sweep_form_hits,
    expire_quotes,
    apply_win_models,
    keep_forecasts,
    assign_every_night,
)
