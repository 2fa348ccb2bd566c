"""The job of an import: from what was asked for to the run."""

from uuid import UUID

from guanxi_contacts.imports.account_rows import SUBJECT as ACCOUNT_SUBJECT
from guanxi_contacts.imports.account_rows import AccountRows
from guanxi_contacts.imports.contact_rows import SUBJECT as CONTACT_SUBJECT
from guanxi_contacts.imports.contact_rows import ContactRows
from guanxi_contacts.imports.mapping_rules import checked_columns
from guanxi_contacts.imports.preparer import Preparer
from guanxi_contacts.imports.rules import FIELDS, with_custom
from guanxi_contacts.imports.service import file_of
from guanxi_contacts.settings import settings
from guanxi_shared import delegation
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.imports.prepared import Terms
from guanxi_shared.imports.run import ImportRun
from guanxi_shared.imports.staff import read_home
from guanxi_shared.imports.target import Target
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.tables import Source

SUBJECTS = {"accounts": ACCOUNT_SUBJECT, "contacts": CONTACT_SUBJECT}
CHANNEL = "import"


async def take_import(job: RunningJob) -> None:
    params, here = job.params, settings()
    import_id, source = UUID(params["import_id"]), Source.from_dict(params["source"])
    options = ImportOptions.model_validate(params["options"])
    path = file_of(here.files_dir, job.organisation_id, import_id)
    if not path.exists():
        raise JobFailed("The file is not kept any more; upload it again.")
    run = ImportRun(
        job, await _target(job, source, options), path=path, source=source, is_dry=options.dry_run,
        chunk_rows=here.import_chunk_rows, url=f"/v1/imports/{import_id}",
    )  # fmt: skip
    await run.run()


async def _target(job: RunningJob, source: Source, options: ImportOptions) -> Target:
    by, database, resource = (
        delegation.from_params(job.params["by"]),
        job.database,
        job.params["resource"],
    )
    actor = delegation.actor_of(by, CHANNEL)
    terms = Terms(job.organisation_id, actor, options, options.dry_run)
    subject = SUBJECTS[resource]
    definitions = await CustomFields(database).definitions(job.organisation_id, subject.resource)
    fields = with_custom(FIELDS[resource], definitions)
    columns = checked_columns(resource, source, options, job.params["suggested"], fields)
    preparer = Preparer(
        subject, terms, database, by=by, home=await read_home(database, job.organisation_id),
        columns=columns, region=settings().default_region,
    )  # fmt: skip
    return AccountRows(preparer, terms) if resource == "accounts" else ContactRows(preparer, terms)
