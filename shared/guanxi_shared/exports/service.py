"""Use cases of exports: the visible rows of a filter as a table, streamed or by a job."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from guanxi_shared import delegation, pages, reads
from guanxi_shared.auth import Principal
from guanxi_shared.calls import Call
from guanxi_shared.custom_fields import CustomFields
from guanxi_shared.db import Connection, Database
from guanxi_shared.errors import Invalid
from guanxi_shared.events import publish
from guanxi_shared.exports.flat_rules import columns_of
from guanxi_shared.exports.schemas import NewExport
from guanxi_shared.exports.tables import Lined, LookUp, Names, Row, Spread, Tables
from guanxi_shared.filters import Clock
from guanxi_shared.jobs import create_job
from guanxi_shared.kept_filters import Errand
from guanxi_shared.pages import ListQuery
from guanxi_shared.resources import Resource
from guanxi_shared.tables.writers import (
    CsvWriter,
    NdjsonWriter,
    StreamWriter,
    VcardWriter,
    XlsxWriter,
)
from guanxi_shared.visibility import Scope

KIND = "export"
PAGE = 1_000
ENDINGS = {"csv": "csv", "xlsx": "xlsx", "ndjson": "ndjson", "vcard": "vcf", "vcard-3.0": "vcf"}
NAMED = ("name", "family_name", "given_name", "kind")  # what a card is of
CONTENT_TYPES = {
    "csv": CsvWriter.content_type, "xlsx": XlsxWriter.content_type,
    "ndjson": NdjsonWriter.content_type, "vcard": VcardWriter.content_type,
    "vcard-3.0": VcardWriter.content_type,
}  # fmt: skip
USERS = "SELECT id::text AS id, email AS name FROM directory_users WHERE organisation_id = $2"
TEAMS = "SELECT id::text AS id, name FROM directory_teams WHERE organisation_id = $2"


def file_of(files_dir: Path, organisation_id: UUID, job_id: UUID, format: str) -> Path:
    return files_dir / "exports" / str(organisation_id) / f"{job_id}.{ENDINGS[format]}"


@dataclass(slots=True)
class Table:
    """The rows that somebody sees, page by page, ready to be written."""

    db: Database
    organisation: UUID
    resource: Resource
    query: ListQuery
    scope: Scope
    format: str
    custom: Sequence[str]
    tables: Tables
    look_up: LookUp

    @property
    def columns(self) -> list[str]:
        lined = self._lined
        wide = self.tables.wide if lined is None else lined.wide
        own = () if lined is None else lined.columns
        return [*columns_of(self.query.fields, self.custom, wide), *own]

    @property
    def _lined(self) -> Lined | None:
        return self.tables.lined.get(self.resource.name)

    @property
    def _is_cards(self) -> bool:
        return ENDINGS[self.format] == "vcf"

    @property
    def _spread(self) -> Spread | None:
        return None if self._lined is None else self._lined.spread

    def writer(self) -> StreamWriter:
        if self.format == "csv":
            return CsvWriter(self.columns)
        if self._is_cards:
            return VcardWriter(version="3.0" if self.format.endswith("3.0") else "4.0")
        return NdjsonWriter(self.query.fields if self._spread is None else self.columns)

    async def pages(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Rows as the format has them; made in a thread, because 1,000 of them take 50 ms."""
        staff = {"owner": await self._names(USERS), "team": await self._names(TEAMS)}
        async for rows in self._read():
            if self.format == "ndjson" and self._spread is None:
                yield rows
                continue
            names = {**staff, **await self.look_up(rows)}
            yield await asyncio.to_thread(self._shaped, rows, names)

    async def _read(self) -> AsyncIterator[list[dict[str, Any]]]:
        """Pages of records, or of their lines; whose these are, the id says, which every query shows."""
        spread = self._spread
        async for rows in reads.every_page(self, self.resource, self.query, scope=self.scope):
            if spread is None:
                yield rows
                continue
            async for lines in spread(self.db, self.organisation, rows):
                yield lines

    async def stream(self) -> AsyncIterator[bytes]:
        writer = self.writer()
        yield writer.start()
        async for rows in self.pages():
            yield await asyncio.to_thread(writer.rows, rows)

    def _shaped(self, rows: Sequence[Row], names: Names) -> list[Row]:
        if (lined := self._lined) is not None:
            return [each for row in rows for each in lined.flat(row, names)]
        shape = self.tables.flat
        if self._is_cards and self.tables.card is not None:
            shape = self.tables.card
        return [shape(row, names) for row in rows]

    async def _names(self, sql: str) -> dict[str, str]:
        rows = await self.db.fetch(self.organisation, sql, self.organisation)
        return {row["id"]: row["name"] for row in rows}


def _fit(query: ListQuery, resource: Resource, format: str) -> ListQuery:
    """Of all pages together; a card has its name whatever fields were chosen."""
    query = replace(query, limit=PAGE, total=False)
    if ENDINGS[format] != "vcf":
        return query
    named = [name for name in NAMED if name in resource.fields]
    return replace(query, fields=tuple(dict.fromkeys((*query.fields, *named))))


async def table_for_call(
    call: Call, tables: Tables, resource: Resource, query: ListQuery, format: str
) -> Table:
    definitions = await call.house.custom_fields.definitions(call.organisation, resource)
    return Table(
        call.db, call.organisation, resource, _fit(query, resource, format), await call.scope_of(resource), format,
        list(definitions), tables, await tables.looking_up(call),
    )  # fmt: skip


async def table_for_job(
    database: Database, by: Principal, tables: Tables, request: NewExport
) -> Table:
    """The same rows in a worker; whose they are is looked up anew."""
    resource, custom = tables.resources[request.resource], CustomFields(database)
    fields = await custom.extend(by.organisation, resource)
    errand = Errand(database, by.organisation, _clock(by), custom, by)
    query = pages.from_document(document_of(request), resource, fields, errand.clock)
    query = await reads.prepared(errand, query)
    definitions = await custom.definitions(by.organisation, resource)
    return Table(
        database, by.organisation, resource, _fit(query, resource, request.format), await errand.scope_of(resource),
        request.format, list(definitions), tables, await tables.looking_up(errand),
    )  # fmt: skip


def formats_of(tables: Tables, resource: Resource) -> list[str]:
    has_cards = resource.name in tables.with_cards
    return [name for name, ending in ENDINGS.items() if ending != "vcf" or has_cards]


async def check_request(call: Call, tables: Tables, request: NewExport) -> Resource:
    """The permissions, and that the document can be understood."""
    resource = tables.resources[request.resource]
    call.by.demand(resource.permission("read"))
    if request.format not in formats_of(tables, resource):
        raise Invalid(
            f"{resource.name} cannot be written as {request.format}.",
            errors={"format": f"Send one of: {', '.join(formats_of(tables, resource))}."},
        )
    fields = await reads.all_fields(call, resource)
    query = pages.from_document(document_of(request), resource, fields, call.clock)
    await reads.prepared(call, query)
    return resource


async def start_export(call: Call, connection: Connection, request: NewExport) -> UUID:
    params = {"request": request.model_dump(mode="json"), "by": delegation.as_params(call.by)}
    job_id = await create_job(
        connection, call.organisation, kind=KIND, params=params, created_by=call.by.user_id
    )
    await tell_of_export(call, connection, job_id, request.resource, request.format)
    return job_id


async def tell_of_export(
    call: Call, connection: Connection, export_id: UUID, resource: str, format: str
) -> None:
    """For the audit log, which hears of it from the feed; told before a single row leaves."""
    await publish(
        connection,
        organisation_id=call.organisation,
        type=f"{call.house.name}.export.exported",
        subject_type="export",
        subject_id=export_id,
        version=1,
        actor=call.actor,
        after={"id": export_id, "resource": resource, "format": format},
    )


def document_of(request: NewExport) -> dict[str, Any]:
    document = request.document.model_dump(exclude_none=True, exclude_unset=True)
    return document if request.fields is None else {**document, "fields": request.fields}


def _clock(by: Principal) -> Clock:
    return Clock(now=datetime.now(UTC), zone=by.zone)
