"""The allow-list of price books: everybody who reads them sees all of them."""

from typing import Final

from sqlalchemy import Table

from guanxi_pipeline import models
from guanxi_pipeline.price_books.schemas import PriceBookRead
from guanxi_shared import resources as r
from guanxi_shared.resources import Resource, fields_of, looked_up, overlaps

PRICE_BOOK: Final[Table] = models.PriceBook.metadata.tables["price_books"]
_account = looked_up("account_id", r.ID, PRICE_BOOK, overlaps(PRICE_BOOK.c.account_ids))
PRICE_BOOKS: Resource = Resource(
    name="price-books",
    noun="price_book",
    service="pipeline",
    table=PRICE_BOOK,
    fields={**fields_of(PRICE_BOOK), "account_id": _account},
    is_owned=False,
    model=PriceBookRead,
)
