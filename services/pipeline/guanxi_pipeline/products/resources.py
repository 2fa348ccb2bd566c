"""The allow-list of products: everybody of the organisation sees all of them."""

from dataclasses import replace
from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.products.schemas import ProductRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Field, Resource, fields_of, looked_up, overlaps
from guanxi_shared.search import tagged

PRODUCT: Final[Table] = models.Product.metadata.tables["products"]


def _fields() -> dict[str, Field]:
    fields = fields_of(PRODUCT, hidden=("component_ids",), money=("cost",))
    fields["prices"] = replace(fields["prices"], key="currency")
    fields["components"] = replace(fields["components"], key="product_id")
    fields["custom"] = replace(fields["custom"], kind=r.OBJECT)
    fields["tags"] = replace(fields["tags"], where=tagged(PRODUCT, models.PRODUCT_SEARCH))
    component = looked_up("component_id", r.ID, PRODUCT, overlaps(PRODUCT.c.component_ids))
    return fields | {component.name: component}


PRODUCTS: Resource = Resource(
    name="products",
    noun="product",
    service="pipeline",
    table=PRODUCT,
    fields=_fields(),
    search=models.PRODUCT_SEARCH,
    has_documents=True,
    is_owned=False,
    model=ProductRead,
)
