"""Use cases of imports: take a file in, say what it looks like, begin the job, show how it went."""

import asyncio
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import ValidationError

from guanxi_shared import delegation
from guanxi_shared.calls import Call
from guanxi_shared.db import Connection
from guanxi_shared.errors import Conflict, Invalid, Malformed, NotFound, from_validation
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.fields import ImportField, suggest_mapping
from guanxi_shared.imports.importable import Importable, Importing
from guanxi_shared.imports.kept_rows import mended
from guanxi_shared.imports.mapping_rules import checked_columns
from guanxi_shared.imports.options import ImportOptions, ReadingOptions
from guanxi_shared.imports.own_fields import with_custom
from guanxi_shared.job_routes import sees_all, shown
from guanxi_shared.jobs import create_job, to_json
from guanxi_shared.tables import FileProblem, Source, read_rows, sniff
from guanxi_shared.transfer_settings import transfer_settings
from guanxi_shared.uploads import Upload

PREVIEWED = 10
KIND = "import"

INSERT = """
INSERT INTO imports (organisation_id, id, resource, file_name, size, sha256, source, suggestion, preview, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8::text::jsonb, $9::text::jsonb, $10)
"""
BEGIN = """
UPDATE imports SET job_id = $3, options = $4::text::jsonb, source = $5::text::jsonb
WHERE organisation_id = $1 AND id = $2
"""
COLUMNS = """
i.id, i.resource, i.file_name, i.size, i.sha256, i.source::text, i.suggestion::text, i.preview::text,
i.options::text, i.created_by, i.created_at, i.job_id,
(SELECT to_jsonb(j) - 'params' - 'checkpoint' - 'lease' FROM jobs AS j
  WHERE j.organisation_id = i.organisation_id AND j.id = i.job_id)::text AS job
"""
ONE = f"SELECT {COLUMNS} FROM imports AS i WHERE i.organisation_id = $1 AND i.id = $2"
LISTED = f"""
SELECT {COLUMNS} FROM imports AS i WHERE i.organisation_id = $2 AND ($3::uuid IS NULL OR i.created_by = $3)
  AND ($4::uuid IS NULL OR i.id < $4) AND ($6::text IS NULL OR i.resource = $6)
ORDER BY i.id DESC LIMIT $5
"""
HOLD = "SELECT id FROM imports WHERE organisation_id = $1 AND id = $2 FOR UPDATE"


def file_of(files_dir: Path, organisation_id: UUID, import_id: UUID) -> Path:
    return files_dir / "imports" / str(organisation_id) / str(import_id)


async def take_in(
    call: Call, importing: Importing, upload: Upload, files_dir: Path
) -> tuple[UUID, dict[str, Any]]:
    """Understand an uploaded file and lay it where the worker finds it; the values of its row."""
    importable = _importable(importing, upload.fields.get("resource"))
    _demand_create(call, importable)
    reading = options_in(upload.fields.get("options"))
    source, preview = await _understand(upload.path, reading)
    fields = await import_fields(call, importable)
    found = suggest_mapping(source.columns, fields)
    suggestion = {
        column: {"field": name, "score": score} for column, (name, score) in found.items()
    }
    import_id = new_id()
    target = file_of(files_dir, call.organisation, import_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    upload.path.replace(target)
    return import_id, {
        "resource": importable.resource.name, "file_name": upload.name, "size": upload.size, "sha256": upload.sha256,
        "source": source.as_dict(), "suggestion": suggestion, "preview": preview,
    }  # fmt: skip


async def insert_import(
    call: Call, connection: Connection, import_id: UUID, values: Mapping[str, Any]
) -> None:
    documents = [to_json(values[name]) for name in ("source", "suggestion", "preview")]
    plain = [values[name] for name in ("resource", "file_name", "size", "sha256")]
    await connection.execute(
        INSERT, call.organisation, import_id, *plain, *documents, call.by.user_id
    )


async def start_import(
    call: Call,
    connection: Connection,
    importing: Importing,
    import_id: UUID,
    options: ImportOptions,
) -> UUID:
    """Queue the job that takes the file; the job's id. A file is taken for real once."""
    await connection.fetchval(HOLD, call.organisation, import_id)
    found = await find_import(call, connection, import_id)
    importable = _importable(importing, found["resource"])
    _demand(call, importable, options)
    _refuse_second_run(found, options)
    source = Source.from_dict(found["source"])
    path = file_of(transfer_settings(call).files_dir, call.organisation, import_id)
    if not path.exists():
        raise Conflict("The file is not kept any more; upload it again.", code="file_gone")
    if any(value is not None for value in _reading(options).values()):
        source, _ = await _understand(path, options)
    suggested = {column: each["field"] for column, each in found["suggestion"].items()}
    fields = await import_fields(call, importable)
    checked_columns(importable, source, options, suggested, fields)
    params = {
        "import_id": str(import_id), "resource": found["resource"], "source": source.as_dict(),
        "options": options.model_dump(mode="json", exclude_unset=True), "suggested": suggested,
        "by": delegation.as_params(call.by),
    }  # fmt: skip
    job_id = await create_job(
        connection, call.organisation, kind=KIND, params=params, created_by=call.by.user_id
    )
    document = to_json(params["options"])
    await connection.execute(
        BEGIN, call.organisation, import_id, job_id, document, to_json(source.as_dict())
    )
    return job_id


async def find_import(call: Call, connection: Connection, import_id: UUID) -> dict[str, Any]:
    """The caller's own import, or anybody's for an admin; NotFound otherwise."""
    row = await connection.fetchrow(ONE, call.organisation, import_id)
    if row is None or not (sees_all(call, "imports") or row["created_by"] == call.by.user_id):
        raise NotFound(f"There is no import with the id {str(import_id)!r}.")
    return _decoded(row)


async def list_imports(
    call: Call, importing: Importing, *, before: UUID | None, limit: int, resource: str | None
) -> list[dict[str, Any]]:
    if resource is not None and resource not in importing:
        known = ", ".join(importing)
        raise Malformed(
            f"resource must be one of: {known}.", errors={"resource": f"Send one of: {known}."}
        )
    whose = None if sees_all(call, "imports") else call.by.user_id
    asked = (call.organisation, whose, before, limit, resource)
    rows = await call.db.fetch(call.organisation, LISTED, *asked)
    return [_decoded(row) for row in rows]


async def import_fields(call: Call, importable: Importable) -> dict[str, ImportField]:
    definitions = await call.house.custom_fields.definitions(call.organisation, importable.resource)
    return with_custom(importable.fields, definitions)


async def show(call: Call, importing: Importing, found: Mapping[str, Any]) -> dict[str, Any]:
    """An import as the API shows it."""
    source, job = found["source"], found["job"]
    named = {
        name: source[name]
        for name in ("kind", "encoding", "delimiter", "sheet", "sheets", "columns")
    }
    kept = (
        "id",
        "resource",
        "file_name",
        "size",
        "sha256",
        "preview",
        "options",
        "created_by",
        "created_at",
    )
    has_errors = job is not None and job["errors"] > 0
    return {
        **{name: found[name] for name in kept}, **named, "mapping": found["suggestion"],
        "fields": list(await import_fields(call, importing[found["resource"]])),
        "job": None if job is None else shown(job),
        "errors_url": f"/v1/imports/{found['id']}/errors.csv" if has_errors else None,
    }  # fmt: skip


def options_in(text: str | None) -> ImportOptions:
    if not text:
        return ImportOptions()
    try:
        return ImportOptions.model_validate_json(text)
    except ValidationError as error:
        raise from_validation(error, ImportOptions) from error


def _importable(importing: Importing, name: str | None) -> Importable:
    found = importing.get(name or "")
    if found is None:
        known = ", ".join(importing)
        raise Invalid(
            f"resource must be one of: {known}.", errors={"resource": f"Send one of: {known}."}
        )
    return found


def _demand_create(call: Call, importable: Importable) -> None:
    for permission in (importable.resource.permission("create"), *importable.also_needs):
        call.by.demand(permission)


def _demand(call: Call, importable: Importable, options: ImportOptions) -> None:
    _demand_create(call, importable)
    if options.duplicates == "update":
        call.by.demand(importable.resource.permission("update"))
    if options.create_missing and importable.to_make_missing is None:
        raise Invalid(
            f"Rows of {importable.resource.name} name nothing that could be made on the way.",
            errors={"create_missing": "Leave it out."},
        )
    if options.create_missing and importable.to_make_missing is not None:
        call.by.demand(importable.to_make_missing)


def _refuse_second_run(found: Mapping[str, Any], options: ImportOptions) -> None:
    job = found["job"]
    if job is None:
        return
    if job["status"] in ("queued", "running"):
        raise Conflict("This import is under way already.", code="under_way")
    was_real = not (found["options"] or {}).get("dry_run", False)
    if was_real and (job["done"] > 0 or job["status"] == "done"):
        raise Conflict(
            "This file was taken already; upload it again to take it a second time.",
            code="taken_already",
        )


async def _understand(path: Path, reading: ReadingOptions) -> tuple[Source, list[dict[str, str]]]:
    try:
        return await asyncio.to_thread(_sniffed, path, _reading(reading))
    except FileProblem as problem:
        raise Invalid(
            problem.detail, errors={"file": problem.detail}, code="unreadable_file"
        ) from problem


def _sniffed(path: Path, reading: Mapping[str, Any]) -> tuple[Source, list[dict[str, str]]]:
    source = sniff(path, **reading)
    if mended(list(source.columns)) != list(source.columns):
        raise FileProblem("The name of a column is no text; write the file in UTF-8.")
    rows = [row.values for row in islice(read_rows(path, source), PREVIEWED)]
    return source, [mended({name: text[:200] for name, text in row.items()}) for row in rows]


def _reading(options: ReadingOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in ReadingOptions.model_fields}


def _decoded(row: asyncpg.Record) -> dict[str, Any]:
    found = dict(row)
    for name in ("source", "suggestion", "preview", "options", "job"):
        found[name] = None if found[name] is None else orjson.loads(found[name])
    return found


def check_parts(fields: dict[str, str], named: str | None) -> bool:
    """The text parts of an upload: none unknown; whether to begin at once. `named` is the resource that
    the query names, which stands for the part where that is left out."""
    if named is not None and fields.setdefault("resource", named) != named:
        raise Invalid(
            "The query and the upload name two resources.", errors={"resource": "Send one of them."}
        )
    unknown = sorted(set(fields) - {"resource", "options", "start"})
    if unknown:
        raise Malformed(
            f"The upload does not take {unknown[0]!r}.", errors={unknown[0]: "Unknown part."}
        )
    if fields.get("start", "false") not in ("true", "false"):
        raise Invalid("start is true or false.", errors={"start": "Send true or false."})
    return fields.get("start") == "true"
