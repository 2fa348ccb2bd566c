"""Products that rows of a file name: by article number, by external id, or by a name that is one's alone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.products.rules import sku_key
from guanxi_shared.db import Connection, Database
from guanxi_shared.imports.key_index import KeyIndex
from guanxi_shared.matching import match_key

BY_ID = """
SELECT id, sku, name, category FROM products
WHERE organisation_id = $1 AND id = ANY($2::uuid[]) AND deleted_at IS NULL ORDER BY id
"""
KINDS = frozenset({"k:", "n:"})
Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    id: UUID
    sku: str
    name: str
    category: str | None


@dataclass(slots=True)
class FoundProducts:
    """Those of a chunk's lines that there are, by key and by id."""

    by_key: dict[str, list[Product]] = field(default_factory=dict)
    by_id: dict[UUID, Product] = field(default_factory=dict)

    def of(self, line: Line) -> Product | None:
        """The one product that a line means; None when there is none, or several are called so."""
        if line.get("product_id"):
            return self.by_id.get(UUID(str(line["product_id"])))
        found = self.meant(line)
        return found[0] if len(found) == 1 else None

    def meant(self, line: Line) -> Sequence[Product]:
        """Those that a line's words may mean."""
        return next((self.by_key[key] for key in keys_of(line) if key in self.by_key), ())

    def named(self, line: Line) -> dict[str, Any]:
        """A line with the id of its product, if there is one; its words stay."""
        found = None if line.get("product_id") else self.of(line)
        return {**line, "product_id": str(found.id)} if found is not None else dict(line)

    def lacks(self, line: Line) -> bool:
        """Whether a line names a product by its id that there is not."""
        return bool(line.get("product_id")) and self.of(line) is None


def keys_of(line: Line) -> list[str]:
    """What a line names a product by; an article number comes before a name."""
    found = [sku_key(line["sku"])] if line.get("sku") else []
    name = match_key("name", line["name"]) if line.get("name") else None
    return [*found, name] if name else found


class NamedProducts:
    """Kept while an import runs; its keys are read once (see guanxi_shared/imports/key_index.py)."""

    def __init__(self, organisation: UUID) -> None:
        self._organisation = organisation
        self._index = KeyIndex(PRODUCTS, organisation, KINDS)

    async def load(self, database: Database) -> None:
        await self._index.load(database)

    async def find(self, connection: Connection, lines: Collection[Line]) -> FoundProducts:
        """Two statements for any number of lines."""
        keys = {key for line in lines for key in keys_of(line)}
        ids = {UUID(str(line["product_id"])) for line in lines if line.get("product_id")}
        found = FoundProducts()
        if not keys and not ids:
            return found
        await self._index.catch_up(connection)
        wanted = [*ids, *self._index.find(keys)]
        if wanted:
            rows = await connection.fetch(BY_ID, self._organisation, wanted)
            _enter(found, (Product(*row) for row in rows))
        return found


def _enter(found: FoundProducts, products: Iterable[Product]) -> None:
    for product in products:
        found.by_id[product.id] = product
        as_named = [match_key("name", product.sku)]  # in a column of names, too
        for key in {*keys_of({"sku": product.sku, "name": product.name}), *as_named} - {None}:
            found.by_key.setdefault(str(key), []).append(product)
