"""What of contacts can be imported, and the job that does it."""

from typing import Final

from guanxi_contacts.imports.account_rows import ACCOUNT_IMPORT
from guanxi_contacts.imports.account_rows import SUBJECT as ACCOUNT_SUBJECT
from guanxi_contacts.imports.contact_rows import CONTACT_IMPORT
from guanxi_contacts.imports.contact_rows import SUBJECT as CONTACT_SUBJECT
from guanxi_contacts.settings import settings
from guanxi_shared.imports.importable import Importing
from guanxi_shared.imports.taking import take_file
from guanxi_shared.running_jobs import RunningJob

SUBJECTS = {"accounts": ACCOUNT_SUBJECT, "contacts": CONTACT_SUBJECT}
IMPORTED: Final[Importing] = {each.resource.name: each for each in (ACCOUNT_IMPORT, CONTACT_IMPORT)}


async def take_import(job: RunningJob) -> None:
    await take_file(job, IMPORTED, settings())
