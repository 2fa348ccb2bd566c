"""What the worker of contacts does: `python -m guanxi_shared.worker guanxi_contacts`."""

from collections.abc import Mapping
from typing import Final

from guanxi_contacts.activities.reminders import give_reminders
from guanxi_contacts.exports.tables import delete_old_transfers, write_export
from guanxi_contacts.files.sweeping import sweep_files
from guanxi_contacts.imports.taking import take_import
from guanxi_contacts.pools.sweeping import sweep_pools
from guanxi_contacts.privacy.archiving import delete_old_archives, write_archive
from guanxi_contacts.privacy.leftovers import erase_leftovers
from guanxi_contacts.segments.sweeping import look_at_segments
from guanxi_contacts.tags.service import rename_tags
from guanxi_contacts.uploads.sweeping import sweep_uploads
from guanxi_shared.running_jobs import Handler

HANDLERS: Final[Mapping[str, Handler]] = {
    "import": take_import,
    "export": write_export,
    "rename_tags": rename_tags,
    "archive": write_archive,
    "erase-leftovers": erase_leftovers,
}
SCHEDULES: Final = (
    delete_old_transfers,
    give_reminders,
    sweep_pools,
    sweep_files,
    sweep_uploads,
    delete_old_archives,
    look_at_segments,
)
