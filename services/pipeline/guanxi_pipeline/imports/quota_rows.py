"""Rows of a file as quotas: one for each person or team, period, pipeline and product."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from guanxi_pipeline.imports.day_cells import take_first_day
from guanxi_pipeline.imports.period_rules import first_day
from guanxi_pipeline.imports.product_cells import PRODUCT, product_of, take_product
from guanxi_pipeline.imports.quota_fields import QUOTA_FIELDS
from guanxi_pipeline.pipelines.known import Known, read_pipelines
from guanxi_pipeline.products.named import NamedProducts
from guanxi_pipeline.quotas import rules
from guanxi_pipeline.quotas.resources import QUOTAS
from guanxi_pipeline.quotas.schemas import QuotaCreate, QuotaUpdate
from guanxi_pipeline.quotas.service import demand_led, demand_pipeline
from guanxi_shared.db import Connection
from guanxi_shared.errors import Invalid, Problem
from guanxi_shared.identifiers import new_id
from guanxi_shared.imports.blaming import reasons_of
from guanxi_shared.imports.book import Book, Entry
from guanxi_shared.imports.cells import reason
from guanxi_shared.imports.decide import matches_of
from guanxi_shared.imports.importable import Importable, Taking
from guanxi_shared.imports.key_index import planned_index
from guanxi_shared.imports.named_records import name_key
from guanxi_shared.imports.prepared import Prepared, Terms
from guanxi_shared.imports.prepared_target import PreparedTarget
from guanxi_shared.imports.preparer import Preparer
from guanxi_shared.imports.preparing import HeldAgainst, keys_of, read_row, validated
from guanxi_shared.imports.row_by_row import row_by_row
from guanxi_shared.tables.rows import Row

START: Final = "starts_on"
WHOLE: Final = frozenset({"period", START, "amount"})
NATURAL: Final = "q:"
EXTERNAL: Final = "x:"
Columns = dict[str, Any]
BY_EXTERNAL_ID = """
SELECT id FROM quotas WHERE organisation_id = $1 AND external_id = ANY($2::text[]) AND deleted_at IS NULL
"""
NOBODY: Final = "'00000000-0000-0000-0000-000000000000'::uuid"
OF_COMBINATIONS = f"""
SELECT q.id FROM quotas q
JOIN unnest($2::date[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[])
  AS asked (starts_on, period, whose, pipeline_id, product_id)
  ON q.starts_on = asked.starts_on AND q.period = asked.period AND coalesce(q.owner_id, q.team_id) = asked.whose
  AND coalesce(q.pipeline_id, {NOBODY}) = coalesce(asked.pipeline_id, {NOBODY})
  AND coalesce(q.product_id, {NOBODY}) = coalesce(asked.product_id, {NOBODY})
WHERE q.organisation_id = $1 AND q.deleted_at IS NULL
"""


def combination(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Of which there is one quota: when, whose, of what."""
    whose = row.get("owner_id") or row.get("team_id")
    return (row[START], row["period"], whose, row.get("pipeline_id"), row.get("product_id"))


def natural_key(row: Mapping[str, Any]) -> str:
    return NATURAL + " ".join(map(str, combination(row)))


def keys_of_quota(row: Mapping[str, Any]) -> Sequence[str]:
    external = [f"{EXTERNAL}{row['external_id']}"] if row.get("external_id") else []
    return [natural_key(row), *external]


class QuotaPreparation:
    """Quotas are also held against the pipelines that there are, and the teams that one leads."""

    def __init__(self, held: HeldAgainst, known: Known) -> None:
        self.held = held
        self._known = known
        self._base = held.empty_row(QUOTAS, {})

    def prepare(self, row: Row) -> Prepared:
        found, document, _ = read_row(row, self.held)
        if row.problem is not None:
            return found
        take_product(found, document, self.held.cells)
        self._name_pipeline(found, document)
        if (day := take_first_day(found, document, START, self.held, first_day)) is not None:
            document[START] = day
        sent = validated(
            found, document, self.held.cells, new=QuotaCreate, change=QuotaUpdate,
            is_new=document.keys() >= WHOLE,
        )  # fmt: skip
        if sent is None or found.reasons:
            return found
        found.wanted_id = sent.pop("id", None)
        try:
            self._settle(found, sent)
        except Problem as problem:
            found.reasons.extend(self.blame(problem, found.cells))
        return found

    def _settle(self, found: Prepared, sent: Columns) -> None:
        demand_led(sent, self.held.staff.scope)
        demand_pipeline(sent, self._known)
        found.columns = rules.columns_from(sent)
        if self.held.options.key == "external_id":
            found.keys = keys_of("external_id", found.columns, None)
        if sent.keys() >= WHOLE:
            found.fresh = {**self._base, **found.columns, "id": found.wanted_id or new_id()}

    def _name_pipeline(self, found: Prepared, document: Columns) -> None:
        """By its name, as far as no id is given."""
        name = found.references.pop("pipeline", None) or document.pop("pipeline", None)
        if name is None or document.get("pipeline_id"):
            return
        wanted, known = name_key(str(name)), self._known.pipelines.values()
        ids = [each.id for each in known if not each.is_gone and name_key(each.name) == wanted]
        if ids:
            document["pipeline_id"] = ids[0]  # names are unique
        else:
            column = self.held.cells.column_of("pipeline") or "pipeline"
            said = f"{column}: {str(name)!r} is no pipeline here"
            found.reasons.append(reason(column, str(name), said))

    def blame(self, problem: Problem, cells: Mapping[str, str]) -> list[dict[str, Any]]:
        return reasons_of(problem, cells, self._column_of)

    def _column_of(self, field: str) -> str | None:
        """Ids come from columns of names, too."""
        return self.held.cells.column_of(field, field.removesuffix("_id"))


class QuotaRuling:
    """There is one quota of a combination; a row is recognised by its own, an id or an external id."""

    needs = "A new quota needs a period, the day on which it starts, and an amount."

    def __init__(
        self, preparer: Preparer[QuotaPreparation], terms: Terms, products: NamedProducts
    ) -> None:
        self._preparer = preparer
        self._terms = terms
        self._products = products

    async def load(self, connection: Connection, book: Book, rows: Sequence[Prepared]) -> None:
        """Those that the rows are recognised by, then those whose combinations the rows ask for."""
        await self._find_products(connection, rows)
        ids = []
        if self._terms.options.key == "external_id":
            words = [row.columns["external_id"] for row in rows if row.keys]
            found = await connection.fetch(BY_EXTERNAL_ID, self._terms.organisation_id, words)
            ids = [each["id"] for each in found]
        await book.load_meant(connection, rows, ids=ids)
        await self._load_asked_for(connection, book, rows)

    async def _find_products(self, connection: Connection, rows: Sequence[Prepared]) -> None:
        """By their words; an id is taken as it is, as the API does: a quota may be older than the price list."""
        named = [
            row for row in rows if PRODUCT in row.more and "product_id" not in row.more[PRODUCT]
        ]
        products = await self._products.find(connection, [row.more[PRODUCT] for row in named])
        for row in rows:
            if PRODUCT in row.more and "product_id" in row.more[PRODUCT]:
                self._of_product(row, UUID(row.more[PRODUCT]["product_id"]))
        for row in named:
            product = product_of(row, products, self._preparer.column_of)
            if product is not None:
                self._of_product(row, product.id)

    def _of_product(self, row: Prepared, product_id: UUID) -> None:
        row.columns["product_id"] = product_id
        if row.fresh is not None:
            row.fresh["product_id"] = product_id

    async def _load_asked_for(
        self, connection: Connection, book: Book, rows: Sequence[Prepared]
    ) -> None:
        asked = []
        for row in rows:
            if self._terms.options.key == START and _says_which(row.columns):
                row.keys = [natural_key(row.columns)]
            matches = matches_of(row, book, self._terms.options)
            asked += [{**entry.row, **row.columns} for entry in matches]
            asked += [row.columns] if _says_which(row.columns) else []
        asked = [each for each in asked if _says_which(each)]
        parts = [list(each) for each in zip(*map(combination, asked), strict=True)] or [[]] * 5
        stored = await connection.fetch(OF_COMBINATIONS, self._terms.organisation_id, *parts)
        keys = {natural_key(each) for each in asked}
        await book.load_meant(connection, rows, ids=[each["id"] for each in stored], keys=keys)

    def settle(self, row: Prepared, entry: Entry | None, book: Book) -> Columns:
        columns = dict(row.fresh or {}) if entry is None else row.columns
        whole = columns if entry is None else {**entry.row, **columns}
        rules.demand_sound(whole)
        if any(each is not entry for each in book.find([natural_key(whole)])):
            raise Invalid(
                f"there is a quota of the same {whole['period']}, pipeline and product for them already",
                errors={START: ""},
            )
        return columns


def _says_which(columns: Mapping[str, Any]) -> bool:
    when, period, whose, *_ = combination({START: None, "period": None, **columns})
    return None not in (when, period, whose)


async def _target(taking: Taking) -> PreparedTarget[QuotaPreparation]:
    terms = taking.terms

    async def make(held: HeldAgainst) -> QuotaPreparation:
        return QuotaPreparation(held, await read_pipelines(taking.database, terms.organisation_id))

    preparer = Preparer(QUOTAS, taking, make)
    products = NamedProducts(terms.organisation_id)
    return row_by_row(
        QUOTAS, preparer, terms, QuotaRuling(preparer, terms, products), kept=[products],
        index=planned_index(QUOTAS, terms, {NATURAL, EXTERNAL}), keys_of=keys_of_quota,
    )  # fmt: skip


QUOTA_IMPORT = Importable(
    resource=QUOTAS,
    fields=QUOTA_FIELDS,
    keys=frozenset({"none", "id", "external_id", START}),
    named_by=frozenset(),
    target=_target,
)
