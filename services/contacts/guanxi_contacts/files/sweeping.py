"""What nobody needs any more, and what of the deleted has to stay."""

from guanxi_contacts.settings import Settings, settings
from guanxi_shared.db import Database
from guanxi_shared.files import sweeping
from guanxi_shared.files.storage import Storage
from guanxi_shared.files.sweeping import Sweeping
from guanxi_shared.schedules import schedule

# Not what proves a consent, nor what belongs to somebody on legal hold.
PURGE = """
DELETE FROM files f WHERE f.organisation_id = $1 AND f.deleted_at < now() - make_interval(days => $2)
  AND f.erased_at IS NULL
  AND NOT EXISTS (SELECT FROM consents c WHERE c.organisation_id = $1 AND c.file_id = f.id)
  AND NOT EXISTS (SELECT FROM file_links l JOIN legal_holds h ON h.organisation_id = l.organisation_id
    AND h.subject_type = l.subject_type AND h.subject_id = l.subject_id AND h.released_at IS NULL
    WHERE l.organisation_id = $1 AND l.file_id = f.id)
RETURNING blob_id, storage
"""
SWEEPING = Sweeping(("files",), (PURGE,))


@schedule("47 2 * * *", name="sweep-files")
async def sweep_files(database: Database) -> None:
    await sweeping.sweep(database, settings(), SWEEPING)


async def sweep_storage(database: Database, storage: Storage, here: Settings) -> int:
    return await sweeping.sweep_storage(database, storage, here, SWEEPING)
