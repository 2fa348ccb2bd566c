"""What the worker of analytics does: `python -m guanxi_shared.worker guanxi_analytics`."""

from collections.abc import Mapping
from typing import Final

from guanxi_analytics.columnar.snapshotting import KIND as SNAPSHOT
from guanxi_analytics.columnar.snapshotting import ask_for_snapshots, snapshot_facts
from guanxi_analytics.fitting.fitting import KIND as FIT
from guanxi_analytics.fitting.fitting import ask_for_fits, fit_models
from guanxi_analytics.reports.kept import delete_kept_answers
from guanxi_analytics.schedules.keeping import forget_report_files
from guanxi_analytics.schedules.sending import send_reports
from guanxi_analytics.scores.scoring import score_customers
from guanxi_analytics.sources.rebuilding import KIND as REBUILD
from guanxi_analytics.sources.rebuilding import rebuild
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    REBUILD: rebuild,
    FIT: fit_models,
    SNAPSHOT: snapshot_facts,
}
SCHEDULES: Final = (
    score_customers,
    ask_for_fits,
    ask_for_snapshots,
    delete_kept_answers,
    send_reports,
    forget_report_files,
)
