"""The job of an import: from what was asked for to the run."""

from uuid import UUID

from guanxi_shared import delegation
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.imports.importable import Importable, Importing, Taking
from guanxi_shared.imports.mapping_rules import checked_columns
from guanxi_shared.imports.options import ImportOptions
from guanxi_shared.imports.own_fields import with_custom
from guanxi_shared.imports.prepared import Terms
from guanxi_shared.imports.receiving import file_of
from guanxi_shared.imports.run import ImportRun
from guanxi_shared.imports.staff import read_home
from guanxi_shared.running_jobs import JobFailed, RunningJob
from guanxi_shared.tables import Source
from guanxi_shared.transfer_settings import TransferSettings

CHANNEL = "import"


async def take_file(job: RunningJob, importing: Importing, here: TransferSettings) -> None:
    """Every row of the file that an import names, in chunks; `here` says where files are."""
    params = job.params
    import_id, source = UUID(params["import_id"]), Source.from_dict(params["source"])
    options = ImportOptions.model_validate(params["options"])
    path = file_of(here.files_dir, job.organisation_id, import_id)
    if not path.exists():
        raise JobFailed("The file is not kept any more; upload it again.")
    importable = importing[job.params["resource"]]
    taking = await _taking(job, importable, source, options, region=here.default_region)
    run = ImportRun(
        job, await importable.target(taking), path=path, source=source, is_dry=options.dry_run,
        chunk_rows=min(here.import_chunk_rows, importable.most_at_once or here.import_chunk_rows), url=f"/v1/imports/{import_id}",
        together=importable.columns_together(options.key, taking.columns),
    )  # fmt: skip
    await run.run()


async def _taking(
    job: RunningJob, importable: Importable, source: Source, options: ImportOptions, *, region: str
) -> Taking:
    by, database = delegation.from_params(job.params["by"]), job.database
    actor = delegation.actor_of(by, CHANNEL)
    terms = Terms(job.organisation_id, actor, options, options.dry_run)
    definitions = await CustomFields(database).definitions(job.organisation_id, importable.resource)
    fields = with_custom(importable.fields, definitions)
    columns = checked_columns(importable, source, options, job.params["suggested"], fields)
    home = await read_home(database, job.organisation_id)
    return Taking(by, database, terms, columns, home, region)
