"""Opportunities as phones hold them, and products, which they only read."""

from typing import Final

from guanxi_pipeline.opportunities.resources import OPPORTUNITIES
from guanxi_pipeline.products.resources import PRODUCTS
from guanxi_pipeline.sync import opportunities
from guanxi_shared.sync.cells import (
    Cell,
    currency,
    day,
    identifier,
    line,
    minor_units,
    moment,
    whole,
)
from guanxi_shared.sync.tables import SyncTable, Writes

FIRST_PRICE: Final = "t.prices->0"

SYNC_PRODUCTS: Final = SyncTable(
    name="products",
    resource=PRODUCTS,
    nouns=("product",),
    cells={
        "sku": Cell("t.sku", line(200)),
        "name": Cell("t.name", line(300)),
        "price_minor": Cell(
            minor_units(f"({FIRST_PRICE}->>'amount')::numeric", f"({FIRST_PRICE}->>'currency')"),
            whole,
        ),
        "currency": Cell(f"{FIRST_PRICE}->>'currency'", currency),
    },
    where="t.is_active",
)
SYNC_OPPORTUNITIES: Final = SyncTable(
    name="opportunities",
    resource=OPPORTUNITIES,
    nouns=("opportunity",),
    cells={
        "account_id": Cell("t.account_id::text", identifier),
        "name": Cell("t.name", line(300)),
        "stage_id": Cell("t.stage_id::text", identifier),
        "amount_minor": Cell(minor_units("t.amount_amount", "t.amount_currency"), whole),
        "currency": Cell("t.amount_currency", currency),
        "close_on": Cell("t.close_on::text", day),
        "status": Cell("t.status"),  # follows the stage
        "owner_id": Cell("t.owner_id::text", identifier),
        "updated_at": Cell(moment("t.updated_at")),
    },
    follows={"accounts": "account_id"},
    writes=Writes(
        create=opportunities.create,
        update=opportunities.update,
        delete=opportunities.delete,
        may_create="opportunities:create",
        may_update="opportunities:update",
        may_delete="opportunities:delete",
    ),
)
