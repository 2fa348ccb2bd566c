"""What the worker of pipeline does: `python -m guanxi_shared.worker guanxi_pipeline`."""

from collections.abc import Mapping
from typing import Final

from guanxi_pipeline.exports.tables import delete_old_transfers, write_export
from guanxi_pipeline.imports.taking import take_import
from guanxi_pipeline.references.settling import settle_references
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "import": take_import,
    "export": write_export,
}
SCHEDULES: Final = (
    settle_references,
    delete_old_transfers,
)
